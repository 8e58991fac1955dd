"""How long does the page take from letting go of the record button to the answer?

``videospace studio`` runs as its user starts it, with a person who has one recording of each of
many words. Chromium shows Talk before a camera with a drawn face that mouths a word again and
again. The space bar is held and let go; the page notes when, and when the guesses appear. A process
keeps one core busy meanwhile. With ``--whole`` the page sends each recording at its end, as without
pieces.
"""

import contextlib
import dataclasses
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.drawn_faces import camera_file
from tests.support.drawn_studio import mouth_clip
from tests.support.page_actions import wait, wait_for_camera
from tests.support.studio_process import StudioServer

from benchmarks.support.browser import browser_before
from benchmarks.support.common import BenchmarkOptions, run_benchmark, say
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings

NOTE_TIMES = """
window.answerSeconds = [];
let letGo = null;
document.addEventListener("keyup", () => { letGo = performance.now(); }, true);
new MutationObserver(() => {
  if (letGo === null || !document.querySelector(".guess")) return;
  window.answerSeconds.push((performance.now() - letGo) / 1000);
  letGo = null;
}).observe(document.getElementById("guesses"), { childList: true });
"""
SEND_WHOLE = """
const real = window.fetch;
window.fetch = (path, ...rest) => (String(path).includes("/uploads/")
  ? Promise.resolve(new Response('{"error": "no"}', { status: 404 })) : real(path, ...rest));
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerTimeOptions(BenchmarkOptions):
    """The options of the benchmark."""

    num_answers: int = 50
    num_words: int = 200
    hold_seconds: float = 1.8
    """How long the space bar is held."""
    busy_processes: int = 1
    """Processes that compute beside the studio."""
    whole: bool = False
    """Send each recording at its end."""

    def results_name(self, benchmark: str) -> str:
        """One file for each way to send."""
        return f"{benchmark}_whole" if self.whole else benchmark


def measure(options: AnswerTimeOptions, work: Path) -> dict[str, Any]:
    """Hold, let go and wait for the answer, again and again."""
    data = work / "data"
    profile = Profile.create(data / "ann", ProfileSettings(person="Ann"))
    for number in range(options.num_words):
        word = f"word {number}"
        profile.add_word(word)
        profile.add_clip(word, mouth_clip(number % 9, take=number), source="studio")
    film = camera_file(work / "face.mjpeg", 1, rest_frames=12)
    with StudioServer(data) as studio, browser_before(film) as browser:
        browser.get(studio.new_link())
        wait_for_camera(browser)
        browser.execute_script(NOTE_TIMES + (SEND_WHOLE if options.whole else ""))
        _record(browser, options.hold_seconds)  # opens the recognizer
        browser.execute_script("window.answerSeconds.length = 0")
        with _busy(options.busy_processes):
            for number in range(options.num_answers):
                _record(browser, options.hold_seconds)
                say(f"answer {number + 1} of {options.num_answers}")
        seconds = browser.execute_script("return window.answerSeconds")
    quantiles = np.quantile(seconds, (0.1, 0.5, 0.9))
    return {
        "num_answers": len(seconds),
        "num_words": options.num_words,
        "busy_processes": options.busy_processes,
        "sent": "at the end" if options.whole else "in pieces",
        **dict(zip(("seconds_p10", "seconds_median", "seconds_p90"), quantiles, strict=True)),
    }


def _record(browser: Any, seconds: float) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    before = browser.execute_script("return window.answerSeconds.length")
    ActionChains(browser).key_down(Keys.SPACE).pause(seconds).key_up(Keys.SPACE).perform()
    wait(browser, f"window.answerSeconds.length > {before} && !byId('record').disabled")


@contextlib.contextmanager
def _busy(num_processes: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_compute, daemon=True) for _ in range(num_processes)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def _compute() -> None:
    while True:
        sum(range(10**6))


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("answer_time", __doc__, AnswerTimeOptions, measure, arguments)


if __name__ == "__main__":
    main()
