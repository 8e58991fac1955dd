"""The detection of lip movements, on drawn pictures of a mouth and the face around it."""

import base64
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.support.drawn_faces import MOUTH_BELOW_CENTER_PX, FacePose, draw_face, word_opening

import videospace.studio

pytestmark = pytest.mark.browser

FPS = 15
SIDE, REACH_PX = 64, 165
STATIC = Path(videospace.studio.__file__).parent / "static"
FOLLOW = """
const [text, fps, done] = arguments;
const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const folder = "/talk/hands_free";
const modules = [import(`${folder}/lip_motion.js`), import(`${folder}/mouth_changes.js`)];
Promise.all(modules).then(([{ LipMotion }, { SIDE }]) => {
  const motion = new LipMotion();
  const states = [];
  for (let at = 0; at < bytes.length; at += SIDE * SIDE) {
    states.push(motion.step(bytes.subarray(at, at + SIDE * SIDE), at / SIDE / SIDE / fps));
  }
  done(states);
}).catch((error) => done([String(error)]));
"""

NODS = """
const [text, fps, done] = arguments;
const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
import("/talk/hands_free/nod.js").then(({ Nod }) => {
  const nod = new Nod();
  const found = [];
  const side = 64;
  for (let at = 0; at < bytes.length; at += side * side) {
    found.push(nod.step(bytes.subarray(at, at + side * side), at / side / side / fps));
  }
  done(found);
}).catch((error) => done([String(error)]));
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Says nothing about what it is asked."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def events(open_browser) -> Iterator[Callable[..., list[tuple[str, float]]]]:
    """Returns the events of a sequence of pictures with their times, without rest and moving."""
    handler = functools.partial(QuietHandler, directory=str(STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        browser = open_browser()
        browser.get(f"http://127.0.0.1:{server.server_port}/icon.svg")

        def follow(
            pictures: np.ndarray, fps: int = FPS, script: str = FOLLOW
        ) -> list[tuple[Any, float]]:
            text = base64.b64encode(pictures.tobytes()).decode()
            states = browser.execute_async_script(script, text, fps)
            assert len(states) == len(pictures), states
            quiet = ("rest", "moving", False)
            return [(s, k / fps) for k, s in enumerate(states) if s not in quiet]

        yield follow
        server.shutdown()
        thread.join()


@functools.cache
def mouth(parts: int) -> np.ndarray:
    """The square around the mouth and what is shifted into it, in gray levels."""
    gray = draw_face(FacePose(opened=parts / 25)).mean(axis=2)
    middle = 235 + MOUTH_BELOW_CENTER_PX
    rows, columns = (slice(at - REACH_PX + 40, at + REACH_PX + 120) for at in (middle, 320))
    return np.pad(gray, 80, mode="edge")[rows, columns]


def pictures(
    opening: np.ndarray,
    *,
    shift_px: np.ndarray | None = None,
    light: np.ndarray | None = None,
    noise: float = 1.0,
) -> np.ndarray:
    """What the page sees: uint8 (time, 64, 64).

    Args:
        opening: How far the mouth is open in each picture, in [0, 1].
        shift_px: Where the camera looks, px down and across (time, 2).
        light: Times the brightness, for each picture.
        noise: Standard deviation in gray levels, of a picture of that size.
    """
    chance = np.random.default_rng(0)
    shifts = np.zeros((len(opening), 2)) if shift_px is None else shift_px
    lights = np.ones(len(opening)) if light is None else light
    found = []
    for opened, (down, across), bright in zip(opening, shifts, lights, strict=True):
        top, left = 40 + round(down), 40 + round(across)
        cut = mouth(round(25 * opened))[top : top + 2 * REACH_PX, left : left + 2 * REACH_PX]
        small = np.asarray(Image.fromarray(cut).resize((SIDE, SIDE), Image.Resampling.BOX))
        found.append(bright * small + chance.normal(0, noise, small.shape))
    return np.stack(found).clip(0, 255).astype(np.uint8)


def rest(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * FPS))


def word(seconds: float = 1.0, size: float = 1.0) -> np.ndarray:
    return size * word_opening(0, round(seconds * FPS))


@pytest.mark.parametrize("noise", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("size", [0.4, 1.0])
def test_a_word_begins_and_ends_a_recording(events, noise, size):
    opening = np.concatenate([rest(2), word(1.2, size), rest(2)])
    (begin, began), (end, ended) = events(pictures(opening, noise=noise))
    assert (begin, end) == ("begin", "end")
    assert 2.0 < began < 2.5
    assert 3.2 - 0.2 < ended - 0.7 < 3.2 + 0.2


def test_a_short_rest_is_part_of_a_word_and_a_long_one_is_not(events):
    one = np.concatenate([rest(2), word(0.6), rest(0.4), word(0.6), rest(2)])
    assert [name for name, _ in events(pictures(one))] == ["begin", "end"]
    two = np.concatenate([rest(2), word(0.6), rest(1.5), word(0.6), rest(2)])
    assert [name for name, _ in events(pictures(two))] == ["begin", "end"] * 2


def test_a_camera_of_five_frames_a_second_is_enough(events):
    opening = np.concatenate([rest(3), word(1.2), rest(3)])[::3]
    (_, began), (_, ended) = events(pictures(opening), fps=5)
    assert 3.0 < began < 3.9
    assert 4.2 - 0.4 < ended - 0.7 < 4.2 + 0.4


def test_noise_alone_is_nothing(events):
    noisier = np.concatenate([pictures(rest(3), noise=level) for level in (1.0, 1.7, 2.5)])
    assert events(noisier) == []


@pytest.mark.parametrize("size_px", [2.0, 6.0, 15.0])
def test_a_camera_that_shakes_is_nothing(events, size_px):
    chance = np.random.default_rng(1)
    shake = np.concatenate([np.zeros((30, 2)), chance.normal(0, size_px, (45, 2))]).clip(-39, 39)
    assert events(pictures(np.zeros(75), shift_px=shake)) == []


@pytest.mark.parametrize("hertz", [0.4, 1.5])
def test_a_head_that_nods_is_nothing(events, hertz):
    down = 15 * np.sin(2 * np.pi * hertz * np.arange(90) / FPS) * (np.arange(90) > 30)
    assert events(pictures(np.zeros(90), shift_px=np.stack([down, 0 * down], axis=1))) == []


def test_light_that_changes_is_nothing(events):
    light = np.where(np.arange(90) > 40, 0.7, 1.0)
    assert events(pictures(np.zeros(90), light=light)) == []
    clouds = 1 - 0.3 * np.sin(np.arange(90) / 12) ** 2
    assert events(pictures(np.zeros(90), light=clouds)) == []


def test_somebody_who_walks_behind_is_nothing_and_hides_no_word(events):
    opening = np.concatenate([rest(4), word(1.2), rest(1.5)])
    seen = pictures(opening)
    for frame in (*range(20, 44), *range(60, 80)):
        left = 2 * (frame % 28)
        seen[frame, :20, left : left + 8] = 30
    assert [name for name, _ in events(seen)] == ["begin", "end"]


def test_what_never_ends_is_no_word_and_then_counts_as_rest(events):
    chewing = np.abs(np.sin(np.arange(12 * FPS) / 3))
    found = events(pictures(np.concatenate([rest(2), chewing, rest(4), word(), rest(2)])))
    assert [name for name, _ in found] == ["begin", "tooLong", "begin", "end"]
    assert found[2][1] > 18


def test_words_while_the_lips_tremble_are_seen(events):
    trembling = 0.1 * np.abs(np.sin(np.arange(14 * FPS) * 2.1))
    trembling[10 * FPS : 11 * FPS] += 0.9 * word()
    found = [(name, at) for name, at in events(pictures(trembling)) if at > 8]
    assert [name for name, _ in found] == ["begin", "end"]
    assert 10.0 < found[0][1] < 10.5


def swing(size_px: float, hertz: float = 1.0, seconds: float = 1.0) -> np.ndarray:
    """Where a head is that swings once, after two seconds of rest and before one more."""
    time = np.arange(round(seconds * FPS)) / FPS
    return np.concatenate([rest(2), size_px * np.sin(2 * np.pi * hertz * time), rest(1)])


@pytest.mark.parametrize("size_px", [14.0, 30.0])
@pytest.mark.parametrize("noise", [0.3, 2.5])
def test_a_nod_is_seen(events, size_px, noise):
    down = swing(size_px)
    seen = pictures(0 * down, shift_px=np.stack([down, 0 * down], axis=1), noise=noise)
    (first, *_) = events(seen, script=NODS)
    assert 2.0 < first[1] < 3.3


def test_what_is_no_nod_stops_nothing(events):
    across = swing(25.0)
    shaken = pictures(0 * across, shift_px=np.stack([0 * across, across], axis=1))
    assert events(shaken, script=NODS) == []
    sinking = np.concatenate([rest(2), np.linspace(0, 30, FPS), np.full(2 * FPS, 30.0)])
    sunk = pictures(0 * sinking, shift_px=np.stack([sinking, 0 * sinking], axis=1))
    assert events(sunk, script=NODS) == []
    assert events(pictures(np.concatenate([rest(1), word(1.2), rest(1)])), script=NODS) == []
    light = np.where(np.arange(60) > 30, 0.7, 1.0)
    assert events(pictures(np.zeros(60), light=light), script=NODS) == []
    assert events(pictures(rest(4), noise=4.0), script=NODS) == []
