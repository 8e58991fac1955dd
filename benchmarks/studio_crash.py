"""kill -9 at random times: does the studio keep what it has acknowledged, and nothing else?

A page adds words, records, chooses, deletes words, recordings and profiles, trains, exports and
imports, until the studio is killed at a random time. Then the studio starts again, and the files on
the disk are compared with what it had acknowledged. The change that was under way may have happened
or not, but not by half (a new word may be there before its recording). Every recording and model
has to be whole, and no file may be left over.
"""

import collections
import copy
import dataclasses
import random
import shutil
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import torch
from tests.support.mouth_videos import word_video
from tests.support.studio_process import StudioServer

from benchmarks.support.common import BenchmarkOptions, run_benchmark, say
from benchmarks.support.studio_page import ZIP_TYPE, StudioPage
from videospace.clips.store.json_lines import append_json_lines, read_json_lines
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.clip_files import clip_id
from videospace.lipreading.profile.storage.folder import (
    CLIPS,
    DELETED,
    MODELS,
    UNFINISHED,
    model_path,
)
from videospace.runtime.errors import UserError

MAX_PROFILES, MAX_WORDS = 3, 12
TRAINING_MINUTES = 0.02
PERSON = "ann"
Content = dict[str, set[str]]
"""The words of a person, and the ids of the recordings of each."""
Profiles = dict[str, Content]
"""The people by their ids."""
UNKNOWN = "?"
"""An id that was in an answer that never arrived."""


def same(expected: Profiles, found: Profiles) -> bool:
    """Whether two states are the same; an unknown id stands for any other.

    Example:
        >>> same({"ann": {"tea": {"1", "?"}}}, {"ann": {"tea": {"1", "2"}}})
        True
        >>> same({"ann": {"tea": {"1"}}}, {"ann": {"tea": set()}})
        False
    """
    if UNKNOWN in expected:  # a person whose id is unknown
        new = found.keys() - expected.keys()
        rest = {name: content for name, content in expected.items() if name != UNKNOWN}
        return any(same({**rest, name: expected[UNKNOWN]}, found) for name in new)
    return expected.keys() == found.keys() and all(
        _same_content(content, found[name]) for name, content in expected.items()
    )


def _same_content(expected: Content, found: Content) -> bool:
    return expected.keys() == found.keys() and all(
        clips == found[word]
        or (UNKNOWN in clips and clips - {UNKNOWN} < found[word] and len(clips) == len(found[word]))
        for word, clips in expected.items()
    )


def inspect_folder(data: Path) -> tuple[Profiles, list[str]]:
    """Read the folder of a running studio, and check it.

    Returns:
        The content of each person, and a sentence for every recording or model that is not whole
        and every file that belongs to nothing.
    """
    found: Profiles = {}
    wrong: list[str] = []
    for folder in sorted(path for path in data.iterdir() if not path.name.startswith(".")):
        files = [path for kind in (CLIPS, MODELS) for path in (folder / kind).iterdir()]
        profile = Profile(folder)  # which would clear some of them away
        found[folder.name] = {word.text: set() for word in profile.words()}
        for record in profile.clips():
            found[folder.name][record.word].add(record.id)
            if clip_id(profile.load_clip(record.id)) != record.id:
                wrong.append(f"{folder.name}: recording {record.id} is not what was kept")
        for model in models(profile):
            MouthModel.from_pretrained(model_path(folder, model.id))
        expected = {f"{record.id}.npz" for record in profile.clips()}
        expected |= {model.id for model in models(profile)}
        wrong += [f"{path} belongs to nothing" for path in files if path.name not in expected]
    hidden = [path.name for path in data.glob(f"{DELETED}*")]
    hidden += [path.name for path in data.glob(f"{UNFINISHED}*")][1:]  # one is the running studio's
    return found, wrong + [f"{name} was left behind" for name in hidden]


class Script:
    """A page that does random things, and what the studio has acknowledged of them.

    Args:
        source: Draws what is done.
        profiles: The content of the studio at the beginning.
    """

    def __init__(self, rng: random.Random, profiles: Profiles):
        self.profiles = profiles
        """The acknowledged content."""
        self.possible: list[Profiles] = []
        """Contents that the change under way may lead to."""
        self.doing = "nothing"
        """The change under way."""
        self.done: collections.Counter[str] = collections.Counter()
        """How often each thing was done."""
        self.errors: list[str] = []
        """Answers that were errors."""
        self._rng = rng
        self._archive: tuple[bytes, Content] | None = None

    def run(self, link: str) -> None:
        """Go on until the studio stops answering."""
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
            with StudioPage(link, PERSON) as page:
                while True:
                    (act,) = self._rng.choices(list(acts), list(acts.values()))
                    self.doing, self.possible = act.__name__.strip("_").replace("_", " "), []
                    act(page)
                    self.done[self.doing] += 1
        except httpx2.TransportError:
            pass  # it was killed
        except Exception as error:
            self.errors.append(f"{self.doing}: {error!r}")

    def _add_word(self, page: StudioPage) -> None:
        word = self._new_word()
        after = self._after()
        after[PERSON][word] = set()
        self.possible = [after]
        page.ask("word", "POST", "words", json={"text": word}).raise_for_status()
        self.profiles = after

    def _record(self, page: StudioPage) -> None:
        video = word_video(self._rng.randrange(8), self._rng.getrandbits(32))
        recognized = page.record(video, recognize=self._rng.random() < 0.5)
        word = self._rng.choice([*self.profiles[PERSON], self._new_word()])
        halfway, after = self._after(), self._after()
        halfway[PERSON].setdefault(word, set())  # a new word comes before its recording
        after[PERSON].setdefault(word, set()).add(UNKNOWN)
        self.possible = [halfway, after]
        kept = page.keep(video, recognized, word)
        after[PERSON][word] = after[PERSON][word] - {UNKNOWN} | {kept["id"]}
        self.profiles = after

    def _delete_word(self, page: StudioPage) -> None:
        words = list(self.profiles[PERSON])
        if len(words) < MAX_WORDS / 2:
            return
        word, after = self._rng.choice(words), self._after()
        del after[PERSON][word]
        self.possible = [after]
        page.ask("word", "DELETE", "words", params={"word": word}).raise_for_status()
        self.profiles = after

    def _delete_recording(self, page: StudioPage) -> None:
        recordings = [
            (word, clip) for word, clips in self.profiles[PERSON].items() for clip in clips
        ]
        if len(recordings) < MAX_WORDS / 2:
            return
        (word, clip), after = self._rng.choice(sorted(recordings)), self._after()
        after[PERSON][word].remove(clip)
        self.possible = [after]
        page.ask("clip", "DELETE", f"clips/{clip}").raise_for_status()
        self.profiles = after

    def _train(self, page: StudioPage) -> None:
        # Refused where one is running, or too few words have recordings.
        page.ask("train", "POST", "training", json={"minutes": TRAINING_MINUTES})

    def _export(self, page: StudioPage) -> None:
        answer = page.ask("export", "GET", "export").raise_for_status()
        self._archive = answer.content, self._after()[PERSON]

    def _import(self, page: StudioPage) -> None:
        if self._archive is None or len(self.profiles) >= MAX_PROFILES:
            return
        archive, content = self._archive
        after = self._after()
        after[UNKNOWN] = copy.deepcopy(content)
        self.possible = [after]
        answer = page.ask(
            "import", "POST", "/api/profiles/import", content=archive, headers=ZIP_TYPE
        ).raise_for_status()
        after[answer.json()["id"]] = after.pop(UNKNOWN)
        self.profiles = after

    def _delete_person(self, page: StudioPage) -> None:
        others = sorted(self.profiles.keys() - {PERSON})
        if not others:
            return
        person, after = self._rng.choice(others), self._after()
        del after[person]
        self.possible = [after]
        page.ask("person", "DELETE", f"/api/profiles/{person}").raise_for_status()
        self.profiles = after

    def _after(self) -> Profiles:
        return copy.deepcopy(self.profiles)

    def _new_word(self) -> str:
        return f"word {self._rng.getrandbits(32):08x}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioCrashOptions(BenchmarkOptions):
    """kill -9 at random times: does the studio keep what it has acknowledged?"""

    kills: int = 50
    """Number of kills."""
    most_acts: int = 12
    """The most changes before a kill, which comes within the half second after them."""
    seed: int = 0
    """Seed of the times and of the changes."""

    def __post_init__(self) -> None:
        if self.kills < 1 or self.most_acts < 0:
            raise UserError(
                "expected at least 1 kill and no less than 0 acts before it, got "
                f"{self.kills} and {self.most_acts}"
            )


def measure(options: StudioCrashOptions, work: Path) -> dict[str, Any]:
    """Kill the studio repeatedly, and check its folder each time."""
    make_model(work / "model")
    journal = work / "kills.jsonl"
    kills, num_bytes = read_json_lines(journal)  # of this command, interrupted
    profiles = work / "profiles"
    # An interrupted kill may have left recordings that would be refused now.
    shutil.rmtree(profiles, ignore_errors=True)
    with StudioServer(profiles, "--model", str(work / "model")) as studio:
        make_person(studio)
        for number in range(len(kills), options.kills):
            rng = random.Random(f"{options.seed}, kill {number}")
            kills.append(kill(studio, rng, options.most_acts))
            num_bytes = append_json_lines(journal, kills[-1:], num_bytes=num_bytes)
            say(f"kill {number}, while {kills[-1]['doing']}: {len(kills[-1]['wrong'])} wrong")
        status = studio.stop()
    done = sum((collections.Counter(each["done"]) for each in kills), collections.Counter())
    doing = collections.Counter(each["doing"] for each in kills)
    wrong = [f"kill {n}: {sentence}" for n, each in enumerate(kills) for sentence in each["wrong"]]
    return {
        "passed": not wrong and status == 0,
        "wrong": wrong,
        "done": dict(done.most_common()),
        "doing_when_killed": dict(doing.most_common()),
        "median_start_seconds": statistics.median(each["start_seconds"] for each in kills),
        "exit_status": status,
    }


def kill(studio: StudioServer, rng: random.Random, most_acts: int) -> dict[str, Any]:
    """Kill the studio while a script runs, start it again, and check its folder."""
    num_acts, delay_seconds = rng.randint(0, most_acts), rng.uniform(0, 0.5)
    script = Script(
        rng, inspect_folder(studio.data)[0]
    )  # draws from here on, in a thread of its own
    thread = threading.Thread(target=script.run, args=(studio.new_link(),))
    thread.start()
    while script.done.total() < num_acts and thread.is_alive():
        time.sleep(0.001)
    time.sleep(delay_seconds)
    studio.kill()
    thread.join()
    started = time.perf_counter()
    studio.start()
    return {
        "doing": script.doing,
        "done": dict(script.done),
        "start_seconds": time.perf_counter() - started,
        "wrong": faults(script, studio.data),
    }


def faults(script: Script, data: Path) -> list[str]:
    """List what is wrong after a kill."""
    profiles, wrong = inspect_folder(data)
    if not any(same(expected, profiles) for expected in (script.profiles, *script.possible)):
        wrong.append(
            f"while {script.doing}: acknowledged was {script.profiles}, "
            f"it might be {script.possible}, there is {profiles}"
        )
    return wrong + script.errors


def make_person(studio: StudioServer) -> None:
    """Create Ann, with the middle of the picture as her mouth, unless she is there already."""
    with StudioPage(studio.new_link(), PERSON) as page:
        if page.ask("person", "GET", "").status_code == 404:
            page.ask("person", "POST", "/api/profiles", json={"person": "Ann"}).raise_for_status()
        page.ask("settings", "PATCH", "", json={"finder": "middle"}).raise_for_status()


def make_model(folder: Path) -> None:
    """Write an untrained network that is small enough to train quickly."""
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    MouthModel(encoder, ["a", "b"], units=["open", "shut"]).eval().save_pretrained(folder)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("studio_crash", __doc__, StudioCrashOptions, measure, arguments)


if __name__ == "__main__":
    main()
