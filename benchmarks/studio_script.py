"""What a page of the studio does at random, and what the studio has acknowledged of it."""

import collections
import copy
import random

import httpx2
from tests.support.mouth_films import word_film
from tests.support.studio_process import ZIP_TYPE, StudioPage

from benchmarks.studio_ledger import UNKNOWN, Content, People

MOST_PEOPLE, MOST_WORDS = 3, 12
TRAINING_MINUTES = 0.02
PERSON = "ann"


class Script:
    """What a page does, one thing after the other, and what the studio has acknowledged.

    Args:
        chance: Draws what is done.
        people: What the studio holds at the beginning.
    """

    def __init__(self, chance: random.Random, people: People):
        self.people = people
        """What was acknowledged."""
        self.perhaps: list[People] = []
        """What there may be instead, by the change that is under way."""
        self.doing = "nothing"
        """What is under way."""
        self.done: collections.Counter[str] = collections.Counter()
        """How often each thing was done."""
        self.mishaps: list[str] = []
        """What the studio refused."""
        self._chance = chance
        self._archive: tuple[bytes, Content] | None = None

    def run(self, address: str) -> None:
        """Go on until the studio answers no more."""
        acts = {
            self._add_word: 3,
            self._record: 6,
            self._delete_word: 2,
            self._delete_recording: 2,
            self._train: 2,
            self._export: 2,
            self._import: 2,
            self._delete_person: 1,
        }
        try:
            with StudioPage(address, PERSON) as page:
                while True:
                    (act,) = self._chance.choices(list(acts), list(acts.values()))
                    self.doing, self.perhaps = act.__name__.strip("_").replace("_", " "), []
                    act(page)
                    self.done[self.doing] += 1
        except httpx2.TransportError:
            pass  # it was killed
        except Exception as error:
            self.mishaps.append(f"{self.doing}: {error!r}")

    def _add_word(self, page: StudioPage) -> None:
        word = self._new_word()
        after = self._after()
        after[PERSON][word] = set()
        self.perhaps = [after]
        page.ask("word", "POST", "words", json={"text": word}).raise_for_status()
        self.people = after

    def _record(self, page: StudioPage) -> None:
        film = word_film(self._chance.randrange(8), self._chance.getrandbits(32))
        heard = page.record(film, recognize=self._chance.random() < 0.5)
        word = self._chance.choice([*self.people[PERSON], self._new_word()])
        halfway, after = self._after(), self._after()
        halfway[PERSON].setdefault(word, set())  # a new word comes before its recording
        after[PERSON].setdefault(word, set()).add(UNKNOWN)
        self.perhaps = [halfway, after]
        kept = page.keep(film, heard, word)
        after[PERSON][word] = after[PERSON][word] - {UNKNOWN} | {kept["id"]}
        self.people = after

    def _delete_word(self, page: StudioPage) -> None:
        words = list(self.people[PERSON])
        if len(words) < MOST_WORDS / 2:
            return
        word, after = self._chance.choice(words), self._after()
        del after[PERSON][word]
        self.perhaps = [after]
        page.ask("word", "DELETE", "words", params={"word": word}).raise_for_status()
        self.people = after

    def _delete_recording(self, page: StudioPage) -> None:
        recordings = [(word, clip) for word, clips in self.people[PERSON].items() for clip in clips]
        if len(recordings) < MOST_WORDS / 2:
            return
        (word, clip), after = self._chance.choice(sorted(recordings)), self._after()
        after[PERSON][word].remove(clip)
        self.perhaps = [after]
        page.ask("clip", "DELETE", f"clips/{clip}").raise_for_status()
        self.people = after

    def _train(self, page: StudioPage) -> None:
        # Refused where one is running, or too few words have recordings.
        page.ask("train", "POST", "learning", json={"minutes": TRAINING_MINUTES})

    def _export(self, page: StudioPage) -> None:
        answer = page.ask("export", "GET", "export").raise_for_status()
        self._archive = answer.content, self._after()[PERSON]

    def _import(self, page: StudioPage) -> None:
        if self._archive is None or len(self.people) >= MOST_PEOPLE:
            return
        archive, content = self._archive
        after = self._after()
        after[UNKNOWN] = copy.deepcopy(content)
        self.perhaps = [after]
        answer = page.ask(
            "import", "POST", "/api/people/import", content=archive, headers=ZIP_TYPE
        ).raise_for_status()
        after[answer.json()["id"]] = after.pop(UNKNOWN)
        self.people = after

    def _delete_person(self, page: StudioPage) -> None:
        others = sorted(self.people.keys() - {PERSON})
        if not others:
            return
        person, after = self._chance.choice(others), self._after()
        del after[person]
        self.perhaps = [after]
        page.ask("person", "DELETE", f"/api/people/{person}").raise_for_status()
        self.people = after

    def _after(self) -> People:
        return copy.deepcopy(self.people)

    def _new_word(self) -> str:
        return f"word {self._chance.getrandbits(32):08x}"
