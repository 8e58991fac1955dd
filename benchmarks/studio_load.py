"""The studio under load: does it lose a recording, fail, or grow, with many pages at once?

``videospace studio`` runs as its user starts it, with a person who has a recording of each of many
words. First one page alone sends recordings, one after the other: the time to the answer, and the
time until a correction counts. Then many pages at once do what people do: record and choose, drop,
undo, add words and delete them, look at lists, export. A studio that is too busy says when to ask
again, as the page does. In the end every recording that was acknowledged has to be there, whole,
and none that was deleted. Then follow malformed requests (see tests.support.malformed_requests).

The memory is what the studio and the processes that it has started keep resident. It counts as flat
when it ends at most 10 %, or 32 MiB, above what it was after a third of the time.
"""

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import httpx2
import numpy as np
from tests.support.malformed_requests import malformed_requests
from tests.support.mouth_films import film, mouth_frames
from tests.support.studio_process import StudioPage, StudioServer

from benchmarks.common import BenchmarkOptions, data_path, print_table, run_benchmark, say
from benchmarks.studio_crowd import spread, under_load
from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.settings import ProfileSettings
from videospace.runtime.errors import UserError
from videospace.runtime.files import written_whole

PERSON = "ann"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioLoadOptions(BenchmarkOptions):
    """The studio under load: does it lose a recording, fail, or grow, with many pages at once?"""

    words: int = 200
    """Words of the person, each with a recording of its own."""
    answers: int = 50
    """Recordings that one page alone sends."""
    films: Literal["drawn", "grid"] = "drawn"
    """What that page sends: drawn mouths of a second, or faces of three seconds, in which the mouth
    has to be found."""
    clients: int = 20
    """Pages at once."""
    seconds: float = 120.0
    """How long they go on."""
    malformed: int = 500
    """Malformed requests; 0 leaves them out."""
    seed: int = 0
    """Of everything that is drawn by lot."""

    def __post_init__(self) -> None:
        if self.words < 2 or min(self.answers, self.clients) < 1 or self.malformed < 0:
            raise UserError(
                "expected at least 2 words, an answer and a client, got "
                f"{self.words}, {self.answers} and {self.clients}"
            )


def measure(options: StudioLoadOptions, work: Path) -> dict[str, Any]:
    """Set up, then measure alone, under load, and with malformed requests."""
    data = work / "people"
    # Of an interrupted command, recordings may be there that would be refused now.
    shutil.rmtree(data, ignore_errors=True)
    make_person(data / PERSON, options)

    def malformed() -> dict[str, Any]:
        with httpx2.Client(base_url=studio.address, timeout=60) as client:
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
    """A part of this benchmark, or what it gave before the same command was interrupted."""
    if not path.exists():
        say(f"{path.stem} …")
        found = part()
        with written_whole(path) as unfinished:
            unfinished.write_text(json.dumps(found))
    return json.loads(path.read_text())


def make_person(folder: Path, options: StudioLoadOptions) -> None:
    """A profile with a recording of a second of each word."""
    finder = "middle" if options.films == "drawn" else "dlib"
    profile = Profile.create(folder, ProfileSettings(person="Ann", finder=finder))
    for number in range(options.words):
        profile.add_word(f"word {number}")
        size = MOUTH_SIZE
        frames = mouth_frames(number, height=size, width=size, num_frames=25)
        clip = MouthClip(frames=np.ascontiguousarray(frames[..., 0]), fps=25.0)
        profile.add_clip(f"word {number}", clip, source="drawn")


def answer_times(studio: StudioServer, options: StudioLoadOptions) -> dict[str, Any]:
    """What one page alone waits for: the answer to a recording, and that its word is kept."""
    films = _films(options)
    with StudioPage(studio.address, PERSON) as page:
        first = time.perf_counter()
        page.record(films(0))
        first = time.perf_counter() - first
        page.tally.seconds.clear()
        for number in range(options.answers):
            content = films(number + 1)
            heard = page.record(content)
            page.keep(content, heard, f"word {number % options.words}")
    seconds = page.tally.seconds
    return {
        "films": options.films,
        "first_answer_seconds": first,
        "answer": spread(seconds["recording"]),
        "until_a_correction_counts": spread(seconds["choice"]),
    }


def _films(options: StudioLoadOptions) -> Callable[[int], bytes]:
    """Gives film after film, no two of which are the same."""
    if options.films == "drawn":
        return lambda number: film(mouth_frames(number, 1, num_frames=25))
    recordings = sorted(data_path("grid_s1").glob("*.mp4"))
    return lambda number: recordings[number].read_bytes()


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("studio_load", __doc__, StudioLoadOptions, measure, arguments)


if __name__ == "__main__":
    main()
