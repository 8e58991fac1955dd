"""kill -9 at random moments: does the studio keep what it has acknowledged, and nothing else?

A page adds words, records, chooses, deletes words, recordings and people, trains, exports and
imports, until the studio is killed at a moment drawn by lot. Then it is started anew, and what lies
on the disk is compared with what it had acknowledged. The one change that was under way may have
happened or not, but not by half (a new word may be there before its recording). Every recording and
model has to be whole, and no file may be left that belongs to nothing.
"""

import collections
import dataclasses
import random
import shutil
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import torch
from tests.support.studio_process import StudioPage, StudioServer

from benchmarks.common import BenchmarkOptions, run_benchmark, say
from benchmarks.studio_ledger import look, same
from benchmarks.studio_script import PERSON, Script
from videospace.clips.store.json_lines import append_json_lines, read_json_lines
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioKillsOptions(BenchmarkOptions):
    """kill -9 at random moments: does the studio keep what it has acknowledged?"""

    kills: int = 50
    """How often the studio is killed."""
    most_acts: int = 12
    """The most that is done before the studio is killed, within the half second after."""
    seed: int = 0
    """Of the moments and of what is done."""

    def __post_init__(self) -> None:
        if self.kills < 1 or self.most_acts < 0:
            raise UserError(
                "expected at least 1 kill and no less than 0 acts before it, got "
                f"{self.kills} and {self.most_acts}"
            )


def measure(options: StudioKillsOptions, work: Path) -> dict[str, Any]:
    """Kill the studio again and again, and look at what it has left each time."""
    make_model(work / "model")
    journal = work / "kills.jsonl"
    kills, num_bytes = read_json_lines(journal)  # of this command, interrupted
    people = work / "people"
    # Of an interrupted kill, recordings may be there that would be refused now.
    shutil.rmtree(people, ignore_errors=True)
    with StudioServer(people, "--model", str(work / "model")) as studio:
        make_person(studio)
        for number in range(len(kills), options.kills):
            chance = random.Random(f"{options.seed}, kill {number}")
            kills.append(kill(studio, chance, options.most_acts))
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


def kill(studio: StudioServer, chance: random.Random, most_acts: int) -> dict[str, Any]:
    """Kill the studio at some moment of a script, start it anew, and judge."""
    num_acts, delay_seconds = chance.randint(0, most_acts), chance.uniform(0, 0.5)
    script = Script(chance, look(studio.data)[0])  # draws from here on, in a thread of its own
    thread = threading.Thread(target=script.run, args=(studio.address,))
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
        "wrong": judge(script, studio.data),
    }


def judge(script: Script, data: Path) -> list[str]:
    """What should not be as it is after a kill."""
    people, wrong = look(data)
    if not any(same(expected, people) for expected in (script.people, *script.perhaps)):
        wrong.append(
            f"while {script.doing}: acknowledged was {script.people}, "
            f"it might be {script.perhaps}, there is {people}"
        )
    return wrong + script.mishaps


def make_person(studio: StudioServer) -> None:
    """Ann, whose mouth need not be found, unless she is there already."""
    with StudioPage(studio.address, PERSON) as page:
        if page.ask("person", "GET", "").status_code == 404:
            page.ask("person", "POST", "/api/people", json={"person": "Ann"}).raise_for_status()
        page.ask("settings", "PATCH", "", json={"finder": "middle"}).raise_for_status()


def make_model(folder: Path) -> None:
    """A network that has learned nothing, and is trained quickly."""
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    MouthModel(encoder, ["a", "b"], units=["open", "shut"]).eval().save_pretrained(folder)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("studio_kills", __doc__, StudioKillsOptions, measure, arguments)


if __name__ == "__main__":
    main()
