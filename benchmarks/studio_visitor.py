"""A visitor of the studio who does at random what people do on its pages, and remembers it."""

import io
import random
import time
import zipfile

from tests.support.mouth_films import word_film
from tests.support.studio_process import StudioPage


class Visitor:
    """One of many pages at once, each with words and films of its own.

    Args:
        address: Of the studio.
        person: Id of the person on whose page all of them are.
        number: Tells this visitor from the others.
        seed: Of what is done.
        num_words: The person has the words ``word 0``, ``word 1`` and so on.
    """

    def __init__(self, address: str, person: str, number: int, seed: int, num_words: int):
        self.page = StudioPage(address, person)
        self.kept: set[str] = set()
        """Ids of the recordings that the studio said it has kept."""
        self.deleted: set[str] = set()
        """Those of them that it said it has deleted."""
        self.mishaps: list[str] = []
        """What did not go as on a good day."""
        self._words: dict[str, str] = {}  # own words and their one recording
        self._number, self._num_words, self._num_films = number, num_words, 0
        self._chance = random.Random(f"{seed}, visitor {number}")

    def stay(self, end: float) -> None:
        """Do one thing after the other until a moment of the monotonic clock."""
        acts = {
            self.say: 40,
            self.drop: 8,
            self.undo: 10,
            self.look: 12,
            self.poll: 20,
            self.teach: 6,
            self.forget_word: 5,
            self.export: 2,
            self.change: 2,
        }
        with self.page:
            while time.monotonic() < end:
                (act,) = self._chance.choices(list(acts), list(acts.values()))
                try:
                    act()
                except Exception as error:
                    self.mishaps.append(f"{act.__name__}: {error!r}")

    def say(self) -> None:
        """Mouth a word and choose it."""
        film, word = self._film(), f"word {self._chance.randrange(self._num_words)}"
        self.kept.add(self.page.keep(film, self.page.record(film), word)["id"])

    def drop(self) -> None:
        """Mouth a word and think better of it."""
        heard = self.page.record(self._film())
        self.page.ask("drop", "DELETE", f"recordings/{heard['id']}").raise_for_status()

    def undo(self) -> None:
        """Take back a choice."""
        own = sorted(self.kept - self.deleted - set(self._words.values()))
        if own:
            clip = self._chance.choice(own)
            self.page.ask("undo", "DELETE", f"clips/{clip}").raise_for_status()
            self.deleted.add(clip)

    def look(self) -> None:
        """Open the page with all words and recordings; one's own are among them."""
        self.page.ask("words", "GET", "words").raise_for_status()
        there = {clip["id"] for clip in self.page.ask("clips", "GET", "clips").json()}
        if missing := self.kept - self.deleted - there:
            self.mishaps.append(f"recordings that are not in the list: {missing}")

    def poll(self) -> None:
        """Look who is there, and how far a training is."""
        self.page.ask("people", "GET", "/api/people").raise_for_status()
        self.page.ask("learning", "GET", "learning").raise_for_status()

    def teach(self) -> None:
        """Add a word of one's own, with a recording."""
        word = f"own {self._number}-{self._num_films}"
        self.page.ask("add word", "POST", "words", json={"text": word}).raise_for_status()
        film = self._film()
        kept = self.page.keep(film, self.page.record(film, recognize=False), word)
        self._words[word] = kept["id"]
        self.kept.add(kept["id"])

    def forget_word(self) -> None:
        """Delete a word of one's own with its recording."""
        if self._words:
            word, clip = self._words.popitem()
            gone = self.page.ask("delete word", "DELETE", "words", params={"word": word})
            gone.raise_for_status()
            self.deleted.add(clip)

    def export(self) -> None:
        """Take a copy of everything."""
        answer = self.page.ask("export", "GET", "export").raise_for_status()
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            if damaged := archive.testzip():
                self.mishaps.append(f"an export with a damaged {damaged}")

    def change(self) -> None:
        """Write other phrases."""
        phrases = [f"Visitor {self._number} was here"]
        self.page.ask("settings", "PATCH", "", json={"phrases": phrases}).raise_for_status()

    def _film(self) -> bytes:
        self._num_films += 1
        return word_film(self._chance.randrange(100), 1000 * self._number + self._num_films)
