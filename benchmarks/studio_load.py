"""The studio under load: does it lose a recording, fail or grow with many pages at once?

``videospace studio`` runs as its user starts it, with a person who has a recording of each of many
words. First one page alone sends recordings, one after the other: the time to the answer, and the
time until a correction counts. Then many pages at once do what people do: record and choose, drop,
undo, add words and delete them, look at lists, export. A busy studio says when to ask again,
and the page does. In the end every recording that was acknowledged has to be there, whole,
and none that was deleted. Then follow malformed requests (see tests.support.malformed_requests).

The memory is what the studio and the processes that it has started keep resident. It counts as flat
when it ends at most 10 %, or 32 MiB, above what it was after a third of the time.
"""

import dataclasses
import io
import json
import random
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
from tests.support.malformed_requests import malformed_requests
from tests.support.mouth_videos import encoded_video, mouth_frames, word_video
from tests.support.studio_process import StudioServer, keyed_client

from benchmarks.support.common import BenchmarkOptions, data_path, print_table, run_benchmark, say
from benchmarks.support.studio_page import BUSY, StudioPage, Tally
from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.clip_files import clip_id
from videospace.lipreading.profile.storage.records import ProfileSettings
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write


class Visitor:
    """A page that does random things, with words and videos of its own.

    Args:
        link: Address of the studio with a key that was not used yet.
        person: Id of the person whose page all visitors share.
        number: Number of this visitor.
        seed: Seed of what is done.
        num_words: The person has the words ``word 0``, ``word 1`` and so on.
    """

    def __init__(self, link: str, person: str, number: int, seed: int, num_words: int):
        self.page = StudioPage(link, person)
        self.kept: set[str] = set()
        """Ids of the recordings that the studio has confirmed."""
        self.deleted: set[str] = set()
        """Ids of the recordings whose deletion it has confirmed."""
        self.errors: list[str] = []
        """What went wrong."""
        self._words: dict[str, str] = {}  # own words and their one recording
        self._number, self._num_words, self._num_videos = number, num_words, 0
        self._rng = random.Random(f"{seed}, visitor {number}")

    def stay(self, end: float) -> None:
        """Do one thing after the other until a time of the monotonic clock."""
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
                (act,) = self._rng.choices(list(acts), list(acts.values()))
                try:
                    act()
                except Exception as error:
                    self.errors.append(f"{act.__name__}: {error!r}")

    def say(self) -> None:
        """Mouth a word and choose it."""
        video, word = self._video(), f"word {self._rng.randrange(self._num_words)}"
        self.kept.add(self.page.keep(video, self.page.record(video), word)["id"])

    def drop(self) -> None:
        """Mouth a word and drop it."""
        recognized = self.page.record(self._video())
        self.page.ask("drop", "DELETE", f"recordings/{recognized['id']}").raise_for_status()

    def undo(self) -> None:
        """Undo a choice."""
        own = sorted(self.kept - self.deleted - set(self._words.values()))
        if own:
            clip = self._rng.choice(own)
            self.page.ask("undo", "DELETE", f"clips/{clip}").raise_for_status()
            self.deleted.add(clip)

    def look(self) -> None:
        """Open the page of all words and recordings, and look for those of this visitor."""
        self.page.ask("words", "GET", "words").raise_for_status()
        there = {clip["id"] for clip in self.page.ask("clips", "GET", "clips").json()}
        if missing := self.kept - self.deleted - there:
            self.errors.append(f"recordings that are not in the list: {missing}")

    def poll(self) -> None:
        """Ask for the people and for the progress of a training."""
        self.page.ask("profiles", "GET", "/api/profiles").raise_for_status()
        self.page.ask("training", "GET", "training").raise_for_status()

    def teach(self) -> None:
        """Add a word with a recording."""
        word = f"own {self._number}-{self._num_videos}"
        self.page.ask("add word", "POST", "words", json={"text": word}).raise_for_status()
        video = self._video()
        kept = self.page.keep(video, self.page.record(video, recognize=False), word)
        self._words[word] = kept["id"]
        self.kept.add(kept["id"])

    def forget_word(self) -> None:
        """Delete a word of this visitor with its recording."""
        if self._words:
            word, clip = self._words.popitem()
            gone = self.page.ask("delete word", "DELETE", "words", params={"word": word})
            gone.raise_for_status()
            self.deleted.add(clip)

    def export(self) -> None:
        """Export the profile."""
        answer = self.page.ask("export", "GET", "export").raise_for_status()
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            if damaged := archive.testzip():
                self.errors.append(f"an export with a damaged {damaged}")

    def change(self) -> None:
        """Change the phrases."""
        phrases = [f"Visitor {self._number} was here"]
        self.page.ask("settings", "PATCH", "", json={"phrases": phrases}).raise_for_status()

    def _video(self) -> bytes:
        self._num_videos += 1
        return word_video(self._rng.randrange(100), 1000 * self._number + self._num_videos)


PERSON = "ann"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioLoadOptions(BenchmarkOptions):
    """The studio under load: does it lose a recording, fail, or grow, with many pages at once?"""

    words: int = 200
    """Number of words of the person, each with a recording."""
    answers: int = 50
    """Number of recordings that one page alone sends."""
    videos: Literal["drawn", "grid"] = "drawn"
    """The videos of that page: drawn mouths of a second, or faces of three seconds, in which the
    mouth has to be found."""
    clients: int = 20
    """Number of pages at once."""
    seconds: float = 120.0
    """Seconds that they go on."""
    malformed: int = 500
    """Number of malformed requests; 0 leaves them out."""
    seed: int = 0
    """Seed of everything random."""

    def __post_init__(self) -> None:
        if self.words < 2 or min(self.answers, self.clients) < 1 or self.malformed < 0:
            raise UserError(
                "expected at least 2 words, an answer and a client, got "
                f"{self.words}, {self.answers} and {self.clients}"
            )


def measure(options: StudioLoadOptions, work: Path) -> dict[str, Any]:
    """Set up, then measure alone, under load, and with malformed requests."""
    data = work / "profiles"
    # An interrupted command may have left recordings that would be refused now.
    shutil.rmtree(data, ignore_errors=True)
    make_person(data / PERSON, options)

    def malformed() -> dict[str, Any]:
        with keyed_client(studio.new_link(), timeout=60) as client:
            return malformed_requests(client, options.malformed, options.seed)

    with StudioServer(data) as studio:
        parts = {
            "alone": lambda: answer_times(studio, options),
            "load": lambda: under_load(
                studio,
                Profile(data / PERSON),
                num_visitors=options.clients,
                seconds=options.seconds,
                seed=options.seed,
            ),
            "malformed": malformed,
        }
        if not options.malformed:
            del parts["malformed"]
        found = {name: measured_once(work / f"{name}.json", parts[name]) for name in parts}
        status = studio.stop()
    rows = {"alone": found["alone"]["answer"], **found["load"]["seconds"]}
    print_table("Seconds to an answer", rows, ("count", "median", "p95", "longest"))
    failures = found["malformed"]["failures"] if options.malformed else []
    return {
        **found,
        "exit_status": status,
        "passed": found["load"]["passed"] and not failures and status == 0,
    }


def measured_once(path: Path, part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The figures of a part, read from its file where an interrupted command has measured them."""
    if not path.exists():
        say(f"{path.stem} …")
        found = part()
        with atomic_write(path) as unfinished:
            unfinished.write_text(json.dumps(found))
    return json.loads(path.read_text())


def make_person(folder: Path, options: StudioLoadOptions) -> None:
    """Create a profile with a recording of one second for each word."""
    finder = "middle" if options.videos == "drawn" else "dlib"
    profile = Profile.create(folder, ProfileSettings(person="Ann", finder=finder))
    for number in range(options.words):
        profile.add_word(f"word {number}")
        size = MOUTH_SIZE
        frames = mouth_frames(number, height=size, width=size, num_frames=25)
        clip = MouthClip(frames=np.ascontiguousarray(frames[..., 0]), fps=25.0)
        profile.add_clip(f"word {number}", clip, source="drawn")


def answer_times(studio: StudioServer, options: StudioLoadOptions) -> dict[str, Any]:
    """The times that one page alone waits: for the answer, and until its word is kept."""
    videos = _videos(options)
    with StudioPage(studio.new_link(), PERSON) as page:
        first = time.perf_counter()
        page.record(videos(0))
        first = time.perf_counter() - first
        page.tally.seconds.clear()
        for number in range(options.answers):
            content = videos(number + 1)
            recognized = page.record(content)
            page.keep(content, recognized, f"word {number % options.words}")
    seconds = page.tally.seconds
    return {
        "videos": options.videos,
        "first_answer_seconds": first,
        "answer": spread(seconds["recording"]),
        "until_a_correction_counts": spread(seconds["choice"]),
    }


def _videos(options: StudioLoadOptions) -> Callable[[int], bytes]:
    """Makes the video of a number; no two are the same."""
    if options.videos == "drawn":
        return lambda number: encoded_video(mouth_frames(number, 1, num_frames=25))
    recordings = sorted(data_path("grid_s1").glob("*.mp4"))
    return lambda number: recordings[number].read_bytes()


GROWTH, GROWTH_MIB = 1.10, 32.0


def under_load(
    studio: StudioServer, profile: Profile, *, num_visitors: int, seconds: float, seed: int
) -> dict[str, Any]:
    """Let visitors use the studio, measure its memory, and look for every recording afterwards.

    Args:
        studio: The studio.
        profile: Profile of the person whose page they use.
        num_visitors: Number of visitors at once.
        seconds: How long they stay.
        seed: Seed of what they do.
    """
    profile.change_settings(dataclasses.replace(profile.settings, finder="middle"))
    num_words = len(profile.words())
    before = {record.id for record in profile.clips()}
    visitors = [
        Visitor(studio.new_link(), profile.folder.name, number, seed, num_words)
        for number in range(num_visitors)
    ]
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=visitor.stay, args=(end,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    memory = {}
    for name, remaining in (("third", 2 / 3), ("two_thirds", 1 / 3), ("end", 0)):
        time.sleep(max(0, end - remaining * seconds - time.monotonic()))
        memory[name] = memory_mib(studio.pid)
    for thread in threads:
        thread.join()
    recordings = compare(profile, before, visitors)
    tally = Tally.of([visitor.page.tally for visitor in visitors])
    errors = [error for visitor in visitors for error in visitor.errors]
    is_flat = memory["end"] <= max(GROWTH * memory["third"], memory["third"] + GROWTH_MIB)
    lost = any(recordings[name] for name in ("lost", "came_back", "damaged"))
    return {
        "passed": is_flat and not (lost or errors or tally.failures),
        "recordings": recordings,
        "errors": errors[:20],
        "failures": tally.failures[:20],
        "memory_mib": memory,
        "memory_flat": is_flat,
        "asked_to_wait": sum(tally.statuses[status] for status in BUSY),
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "seconds": {kind: spread(times) for kind, times in sorted(tally.seconds.items())},
    }


def compare(profile: Profile, before: set[str], visitors: Sequence[Visitor]) -> dict[str, int]:
    """Compare what the visitors remember with what the profile holds."""
    kept = set().union(*(visitor.kept for visitor in visitors))
    deleted = set().union(*(visitor.deleted for visitor in visitors))
    there = {record.id for record in profile.clips()}
    return {
        "kept": len(kept),
        "deleted": len(deleted),
        "lost": len((before | kept) - deleted - there),
        "came_back": len(deleted & there),
        "damaged": sum(clip_id(profile.load_clip(each)) != each for each in there),
    }


def memory_mib(pid: int) -> float:
    """The resident memory of a process and of those that it has started."""
    studio = psutil.Process(pid)
    processes = [studio, *studio.children(recursive=True)]
    return sum(process.memory_info().rss for process in processes) / 2**20


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum of some times.

    Example:
        >>> spread([0.1, 0.2, 0.3])
        {'count': 3, 'median': 0.2, 'p95': 0.29, 'longest': 0.3}
    """
    median, p95 = (round(float(np.percentile(seconds, rank)), 6) for rank in (50, 95))
    return {"count": len(seconds), "median": median, "p95": p95, "longest": max(seconds)}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("studio_load", __doc__, StudioLoadOptions, measure, arguments)


if __name__ == "__main__":
    main()
