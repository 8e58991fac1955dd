"""Takes pictures of the studio's pages: light and dark, desktop and phone, with a drawn face.

Example:
    python -m benchmarks.studio_pictures docs/pictures
"""

import base64
import dataclasses
import datetime
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av
import numpy as np
import tyro
from jaxtyping import UInt8
from PIL import Image
from tests.support.drawn_faces import HEIGHT, WIDTH, FacePose, camera_file, draw_face, word_opening
from tests.support.space_page import SHIFT, drag
from tests.support.studio_in_process import InProcessStudio

from benchmarks.support.browser import browser_before
from videospace.lipreading.mouth.detectors import FixedBox
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.reading import read_mouth
from videospace.lipreading.profile import profile as profile_module
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.uploads.recordings import RecordingReader

WORDS = ("water", "good morning", "thank you", "cold", "music", "window")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SPACE_SIZE = (1200, 960)
SCHEMES = ("light", "dark")
DAYS, EACH_DAY = 11, 9
MOUTH_BOX = "286,279,82,82"
WAIT_SECONDS = 60.0
CHOOSE_IN_THE_MIDDLE = """
const start = document.getElementById("start");
start.selectedIndex = start.options.length / 2;
start.dispatchEvent(new Event("change"));
"""
LASSO = ((0.4, 0.2), (0.7, 0.25), (0.75, 0.5), (0.5, 0.55), (0.35, 0.4))
HEAR = """
const [encoded, done] = arguments;
const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
const video = new Blob([bytes], { type: "video/webm" });
import("/talk/speaking/talk.js").then(({ recognize }) => recognize(video)).then(done);
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """Where to write the pictures, and how."""

    out: tyro.conf.Positional[Path] = Path("docs/pictures")
    """Folder to write to."""
    colors: int = 128
    """Number of colors in each picture; fewer make it smaller."""


def open_talk(browser: Any) -> None:
    """Open the page with a word in the sentence and the answer to another one."""
    press(browser, "[data-page=talk]")
    wait(browser, "byId('mouth-frame').classList.contains('found')")
    if not browser.execute_script("return document.querySelector('.guess')"):
        for word in (1, 0):
            video = base64.b64encode(_word_video(word)).decode()
            browser.execute_async_script(HEAR, video)
            if word:
                press(browser, ".guess")
                wait(browser, "byId('sentence').textContent")
    # as the focus on the first of them does
    browser.execute_script("document.querySelector('.guess').scrollIntoView({block: 'center'})")


def open_lesson(browser: Any) -> None:
    """Open a lesson that shows a word to mouth."""
    press(browser, "[data-page=teach]")
    wait(browser, "!byId('teach').hidden && byId('mouth-frame').classList.contains('found')")
    if browser.execute_script("return document.getElementById('lesson').hidden"):
        press(browser, "#teach-begin")
        wait(browser, "!byId('lesson').hidden")


def open_page(name: str) -> Callable[[Any], None]:
    """Make a scene of a page as it opens."""

    def show(browser: Any) -> None:
        press(browser, f"[data-page={name}]")
        wait(browser, f"!byId('{name}').hidden")

    return show


def open_hidden_page(name: str, content: str) -> Callable[[Any], None]:
    """Make a scene of a page that no link in the header names.

    Args:
        name: The page.
        content: An element that is filled when the page is.
    """

    def show(browser: Any) -> None:
        browser.execute_script("location.hash = arguments[0]", name)
        wait(browser, f"!byId('{name}').hidden && byId('{content}').textContent")
        browser.execute_script("scrollTo(0, 0)")

    return show


SCENES: dict[str, Callable[[Any], None]] = {
    "teach": open_page("teach"),
    "lesson": open_lesson,
    "data": open_page("data"),
    "start": open_hidden_page("start", "start-camera-text"),
    "handover": open_hidden_page("handover", "handover-words"),
    "talk": open_talk,
}
"""Scenes in the order in which they are opened; the other pages of the header follow."""


def main(options: PictureOptions) -> None:
    """Make all pictures."""
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, RecordingReader() as reader:
        video = camera_file(Path(work) / "face.mjpeg", 1, rest_frames=40)
        _teach(Profiles(Path(work) / "data"))
        with (
            InProcessStudio(Path(work) / "data", reader) as studio,
            browser_before(video) as browser,
        ):
            browser.get(studio.address)
            wait(browser, "byId('preview').videoWidth > 0")
            names = browser.execute_script(
                "return [...document.querySelectorAll('[data-page]')].map((e) => e.dataset.page)"
            )
            others = {name: open_page(name) for name in names if name not in SCENES}
            for name, scene in {**SCENES, **others}.items():
                for label, size in SIZES.items():
                    for scheme in SCHEMES:
                        _look(browser, size, scheme)
                        scene(browser)
                        time.sleep(0.5)
                        picture = browser.get_screenshot_as_png()
                        _save(picture, options.out / f"{name}-{label}-{scheme}.png", options)
            for name, picture in space_pictures(browser, studio.address):
                _save(picture, options.out / f"{name}.png", options)


def space_pictures(browser: Any, address: str) -> Iterator[tuple[str, bytes]]:
    """The page of the video spaces: its map, clips that were filled in, and selected clips.

    Yields:
        The name of each picture, and the picture as PNG.
    """
    _look(browser, SPACE_SIZE, "light")
    browser.execute_script("localStorage.setItem('studio.space', 'bouncing-ball')")
    browser.get(f"{address}space/")
    wait(browser, "byId('player').dataset.quality === 'fine' && byId('pictures').dataset.shown > 0")
    press(browser, "#pause")
    yield "space-light", browser.get_screenshot_as_png()
    _look(browser, SIZES["phone"], "light")
    time.sleep(0.5)
    yield "space-phone", browser.get_screenshot_as_png()
    _look(browser, SPACE_SIZE, "dark")
    browser.execute_script(CHOOSE_IN_THE_MIDDLE)
    wait(browser, "byId('player').dataset.quality === 'fine'")
    press(browser, "#use-playing")
    wait(browser, "!byId('tools').hidden")
    press(browser, "#observe-ends")
    press(browser, "#invert")
    wait(browser, "!byId('result-card').hidden && byId('job').hidden")
    yield "space-dark", _picture_between(browser, "video-card", "result-card")
    _look(browser, SPACE_SIZE, "light")
    browser.execute_script("localStorage.setItem('studio.space', 'moving-mnist')")
    browser.get(f"{address}space/")
    wait(browser, "byId('player').dataset.quality === 'fine' && byId('pictures').dataset.shown > 0")
    drag(browser, "map", *LASSO, held=SHIFT)
    wait(browser, "document.querySelectorAll('#selected-films .tile:not([hidden])').length > 9")
    press(browser, "#pause")
    yield "space-selection", _picture_between(browser, "map-side", "below")
    press(browser, "#use-playing")
    wait(browser, "!byId('tools').hidden")
    press(browser, "#observe-beginning")
    browser.execute_script("document.getElementById('samples').value = '4'")
    press(browser, "#invert")
    wait(browser, "document.querySelectorAll('#futures .tile:not([hidden])').length === 4")
    yield "space-futures", _picture_between(browser, "result-card", "result-card")


def _picture_between(browser: Any, first: str, last: str) -> bytes:
    """A picture of the page from the top of one element to the bottom of another, as PNG."""
    script = (
        "document.querySelector('header').style.position = 'static';"
        "const box = (id) => document.getElementById(id).getBoundingClientRect();"
        "const top = box(arguments[0]).top - 20, end = box(arguments[1]).bottom + 20;"
        "return {x: 0, y: top + scrollY, width: innerWidth, height: end - top, scale: 1}"
    )
    box = browser.execute_script(script, first, last)
    wanted = {"clip": box, "captureBeyondViewport": True}
    return base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", wanted)["data"])


def press(browser: Any, selector: str) -> None:
    """Click on the first element of a selector."""
    element = browser.find_element("css selector", selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()
    browser.execute_script("scrollTo(0, 0)")
    point = {"type": "mouseMoved", "x": 0, "y": 0}
    browser.execute_cdp_cmd(
        "Input.dispatchMouseEvent", point
    )  # an element under the pointer changes its look


def wait(browser: Any, condition: str) -> None:
    """Wait until a condition in JavaScript holds."""
    script = f"const byId = (id) => document.getElementById(id); return {condition}"
    end = time.monotonic() + WAIT_SECONDS
    while not browser.execute_script(script):
        if time.monotonic() > end:
            raise TimeoutError(condition)
        time.sleep(0.1)


def _teach(profiles: Profiles) -> None:
    profile = profiles.find(profiles.create(ProfileSettings(person="Ann")))
    for word, text in enumerate(WORDS):
        profile.add_word(text)
        profile.add_clip(text, _mouthed(word, num_frames=28), source="studio")
    _talk(profile)
    profile.update_settings(backed_up=datetime.datetime.now(datetime.UTC).isoformat())


def _talk(profile: Profile) -> None:
    """Add words of the days before, which are recognized better from day to day."""
    rng = np.random.default_rng(0)
    drawn = [_mouthed(word, num_frames=28) for word in range(len(WORDS))]
    today = datetime.datetime.now().astimezone().replace(hour=9, minute=0)
    for day in range(DAYS):
        for number in range(EACH_DAY):
            made = today - datetime.timedelta(days=DAYS - day, minutes=-3 * number)
            said = int(rng.choice(len(WORDS), p=(0.3, 0.2, 0.2, 0.1, 0.1, 0.1)))
            words = WORDS[said], WORDS[said ^ 1]
            if rng.random() < 0.4 / (1 + day / 3):
                words = words[1], words[0]
            answer = AnswerRecord(
                words=words, probabilities=(0.7, 0.2), confident=True, strategy="dtw", model=None
            )
            frames = drawn[said].frames
            noisy = frames - np.minimum(frames, rng.integers(0, 6, frames.shape, np.uint8))
            clip = MouthClip(frames=noisy, fps=drawn[said].fps)
            with patch.object(profile_module, "now", made.isoformat):
                profile.add_clip(WORDS[said], clip, source="studio", answer=answer)


def _mouthed(word: int, *, num_frames: int) -> MouthClip:
    return read_mouth(_frames(word, num_frames=num_frames), FixedBox(MOUTH_BOX))[0]


def _frames(word: int, *, num_frames: int) -> UInt8[np.ndarray, "time 480 640 3"]:
    """Frames of the drawn face that mouths a word, with rest at both ends."""
    opening = np.pad(word_opening(word, num_frames), 10)
    poses = [FacePose(opened=opened, rounded=opened * (word % 2)) for opened in opening]
    return np.stack([draw_face(pose) for pose in poses])


def _word_video(word: int) -> bytes:
    """A recording of a word as the page makes it, at a speed of its own."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        stream.bit_rate = 2_500_000
        for pixels in _frames(word, num_frames=32):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def _look(browser: Any, size: tuple[int, int], scheme: str) -> None:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def _save(picture: bytes, path: Path, options: PictureOptions) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    few = image.quantize(options.colors, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(tyro.cli(PictureOptions, description=__doc__))
