"""Makes a silent film of the first hour with the studio, in two minutes, before a drawn face.

Everything in it is real but the face: the page in a browser, its camera, and what the studio
recognizes. Waiting is cut out.

Example:
    python -m benchmarks.studio_film docs/pictures/first-hour.webm
"""

import base64
import contextlib
import dataclasses
import io
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import tyro
from PIL import Image, ImageDraw, ImageFont
from tests.support.drawn_faces import FacePose, draw_face, word_opening
from tests.support.page_actions import wait
from tests.support.studio_in_process import InProcessStudio

from benchmarks.support.browser import browser_before
from videospace.studio.server.devices import RemoteAddress
from videospace.studio.server.uploads.recordings import RecordingReader

PAGE_WIDTH, PAGE_HEIGHT = 1024, 640
CAPTION_PX = 56
PAPER, INK, MARK = "#1f5f5b", "#ffffff", "#ff7d6e"
SAVE_SECONDS = 5.0
"""How long the studio may take to save a recording."""
NUM_POSES, WORD_FRAMES = 12, 28
WORDS = ("water", "yes", "thank you", "cold")
REMOTE = RemoteAddress(address="https://192.168.1.20:8765/", fingerprint=":".join(["3F"] * 32))
CAMERA = """
(async () => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const poses = await Promise.all(POSES.map((text) => createImageBitmap(new Blob([bytes(text)]))));
  const coming = [];
  window.mouth = (numbers) => coming.push(...numbers);
  navigator.mediaDevices.getUserMedia = async () => {
    const track = new MediaStreamTrackGenerator({ kind: "video" });
    const writer = track.writable.getWriter();
    const timer = setInterval(() => {
      if (track.readyState === "ended") return clearInterval(timer);
      const pose = poses[coming.shift() ?? 0];
      writer.write(new VideoFrame(pose, { timestamp: 1000 * performance.now() }));
    }, 40);
    return new MediaStream([track]);
  };
})();
"""
"""A camera whose face mouths what a script tells it to."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FilmOptions:
    """Where to write the film."""

    out: tyro.conf.Positional[Path] = Path("docs/pictures/first-hour.webm")
    """A file that ends in .webm or .mp4."""


class Film:
    """Pictures of a page with the time at which each is shown, below a caption.

    Args:
        browser: The browser whose page is filmed.
    """

    def __init__(self, browser: Any):
        self._browser = browser
        self._font = ImageFont.load_default(24)
        self._caption = ""
        self._frames: list[tuple[float, bytes]] = []
        self.seconds = 0.0
        """Length so far."""

    def title(self, *lines: str, seconds: float = 4.0) -> None:
        """Show lines of text on a card."""
        card = Image.new("RGB", (PAGE_WIDTH, PAGE_HEIGHT + CAPTION_PX), PAPER)
        brush = ImageDraw.Draw(card)
        for number, line in enumerate(lines):
            font = ImageFont.load_default(30 if number else 46)
            at = PAGE_WIDTH / 2, PAGE_HEIGHT / 2 - 50 + 62 * number
            brush.text(at, line, INK, font, anchor="mm")
        self._add(card)
        self.seconds += seconds

    def caption(self, text: str) -> None:
        """Say below the page what is seen from now on."""
        self._caption = text

    def roll(self, seconds: float, mark: tuple[float, float] | None = None) -> None:
        """Film the page for a while.

        Args:
            seconds: How long.
            mark: Where a finger points, in px of the page.
        """
        start = time.monotonic()
        before = self.seconds
        while (passed := time.monotonic() - start) < seconds:
            self.seconds = before + passed
            self._add(self._look(mark))
        self.seconds = before + seconds

    def press(self, selector: str, seconds: float = 1.2) -> None:
        """Point at an element, press it, and film what follows."""
        element, at = self.point(selector)
        self.roll(0.7, at)
        element.click()
        self.roll(seconds)

    def point(self, selector: str) -> tuple[Any, tuple[float, float]]:
        """An element, moved into sight, and where it is."""
        element = self._browser.find_element("css selector", selector)
        script = (
            "const [e] = arguments; e.scrollIntoView({block: 'center'});"
            "const box = e.getBoundingClientRect();"
            "return [box.left + box.width / 2, box.top + box.height / 2]"
        )
        x, y = self._browser.execute_script(script, element)
        return element, (x, y)

    def type(self, selector: str, text: str) -> None:
        """Type a text letter by letter."""
        element, _ = self.point(selector)
        for letter in text:
            element.send_keys(letter)
            self.roll(0.12)

    def write(self, path: Path) -> None:
        """Write the film."""
        codec = "libvpx-vp9" if path.suffix == ".webm" else "libx264"
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=25, options={"crf": "38", "b": "0"})
            stream.width, stream.height = PAGE_WIDTH, PAGE_HEIGHT + CAPTION_PX
            stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 1000)
            stream.codec_context.gop_size = 300
            last = -1
            for seconds, content in [*self._frames, (self.seconds, self._frames[-1][1])]:
                frame = av.VideoFrame.from_image(Image.open(io.BytesIO(content)).convert("RGB"))
                last = max(last + 1, round(1000 * seconds))
                frame.pts, frame.time_base = last, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    def _look(self, mark: tuple[float, float] | None) -> Image.Image:
        drawn = Image.new("RGB", (PAGE_WIDTH, PAGE_HEIGHT + CAPTION_PX), PAPER)
        shot = self._browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        drawn.paste(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"))
        brush = ImageDraw.Draw(drawn)
        if mark is not None:
            brush.circle(mark, 22, outline=MARK, width=6)
        at = PAGE_WIDTH / 2, PAGE_HEIGHT + CAPTION_PX / 2
        brush.text(at, self._caption, INK, self._font, anchor="mm")
        return drawn

    def _add(self, picture: Image.Image) -> None:
        kept = io.BytesIO()
        picture.save(kept, "png", compress_level=1)
        self._frames.append((self.seconds, kept.getvalue()))


def main(options: FilmOptions) -> None:
    """Make the film."""
    with _studio_before_nobody() as (browser, address):
        browser.get(address)
        wait(browser, "!byId('welcome').hidden")
        film = Film(browser)
        film.title("The first hour with the studio", "The face is drawn; waiting is cut out.")
        begin(film, browser)
        teach(film, browser)
        talk(film, browser)
        look_after(film, browser)
        film.title("videospace studio", 'pip install "videospace[studio,lipreading]"')
        film.write(options.out)
    size = options.out.stat().st_size
    result = {"seconds": round(film.seconds, 1), "megabytes": round(size / 2**20, 2)}
    print(json.dumps(result))


def begin(film: Film, browser: Any) -> None:
    """The name, and the three first steps."""
    film.caption("A name is all that the studio asks for.")
    film.roll(2)
    film.type("#welcome-name", "Ann")
    film.press("#welcome-form button", 1)
    film.caption("First step: the camera sees the face.")
    wait(browser, "byId('start-camera').classList.contains('done')")
    film.roll(3)
    film.caption("Second step: the voice is heard.")
    film.press("#start-speak")
    wait(browser, "!byId('start-heard').hidden")
    film.press("#start-heard-yes", 2)
    film.caption("Third step: twenty words to begin with, which can be changed.")
    film.point("#start-words")
    film.roll(3)
    browser.execute_script(
        "document.getElementById('start-words').value = arguments[0]", "\n".join(WORDS)
    )
    film.roll(2)
    film.press("#start-words-form .primary", 0.5)


def teach(film: Film, browser: Any) -> None:
    """One recording of each word."""
    for number, word in enumerate(WORDS):
        wait(browser, f"byId('prompt').textContent === '{word}' && !byId('lesson-record').disabled")
        first = "Each word is mouthed once. The recording ends when the lips rest."
        film.caption(first if number == 0 else f"The next word: {word}.")
        film.roll(1.5)
        while not record_word(film, browser, number):  # a busy machine records few pictures
            film.caption("The studio says what to do better, and the word is mouthed again.")
            film.roll(2)
        film.caption("The studio checks each recording, and keeps it.")
        film.roll(1.5)
        film.press("#lesson-next", 0.3)
    wait(browser, "!byId('teach-talk').hidden")
    film.caption("All words are known. Time to talk.")
    film.roll(2)
    film.press("#teach-talk", 1)


def record_word(film: Film, browser: Any, number: int) -> bool:
    """Record the word of a lesson; whether the recording is good."""
    film.press("#lesson-record", 0.2)
    while not _is(browser, "byId('camera-card').classList.contains('recording')"):
        film.roll(0.2)
    browser.execute_script("window.mouth(arguments[0])", mouthed(number))
    while _is(browser, "byId('camera-card').classList.contains('recording')"):
        film.roll(0.2)
    wait(browser, "!byId('playback').hidden")
    end = time.monotonic() + SAVE_SECONDS
    while not (is_good := _is(browser, "!byId('lesson-next').hidden")) and time.monotonic() < end:
        time.sleep(0.1)
    return is_good


def talk(film: Film, browser: Any) -> None:
    """A sentence of two words, a correction, and a phrase."""
    wait(browser, "!byId('record').disabled")
    film.caption("Hold the button, mouth a word, let go.")
    say(film, browser, 3)
    film.caption("The likeliest words appear. One press speaks the right one.")
    film.roll(3)
    film.press(f"#guesses li:nth-child({_place(browser, 'cold')}) .guess", 2)
    film.caption("The next word …")
    say(film, browser, 0)
    film.roll(1.5)
    film.caption("If it is none of these: find another word, or type a new one.")
    film.press("#none", 2.5)
    _escape(browser)
    film.roll(1)
    film.press(f"#guesses li:nth-child({_place(browser, 'water')}) .guess", 2)
    film.caption("Every chosen word teaches the studio. A whole sentence can be spoken, too.")
    film.press("#speak-all", 2.5)
    film.press("#enlarge", 3)
    film.press("#partner-close", 0.5)
    film.caption("Phrases need no camera: one tap speaks them.")
    film.press("#phrases button:nth-child(3)", 2.5)


def look_after(film: Film, browser: Any) -> None:
    """The pages for helpers."""
    film.press("[data-page=progress]")
    film.caption("Progress shows how often the answer was right.")
    film.roll(4)
    film.press("[data-page=data]")
    wait(browser, "byId('words').children.length >= 4")
    film.caption("Data keeps every word and recording on this machine, and nowhere else.")
    film.roll(3.5)
    film.caption("A phone or tablet is let in by a picture to scan.")
    film.press("#invite", 4)


def say(film: Film, browser: Any, word: int) -> None:
    """Hold the record button while the face mouths a word."""
    from selenium.webdriver.common.action_chains import ActionChains

    element, at = film.point("#record")
    film.roll(0.7, at)
    ActionChains(browser).click_and_hold(element).perform()
    film.roll(0.6, at)
    browser.execute_script("window.mouth(arguments[0])", mouthed(word))
    film.roll(0.04 * WORD_FRAMES + 0.6, at)
    ActionChains(browser).release().perform()
    wait(browser, "document.querySelector('.guess')")


def mouthed(word: int) -> list[int]:
    """The numbers of the pictures in which the face mouths a word."""
    opened = np.round(word_opening(word, WORD_FRAMES) * (NUM_POSES - 1)).astype(int)
    return [int(each) + NUM_POSES * (word % 2) for each in opened]


def camera_script() -> str:
    """The camera, with all pictures of the face."""
    poses = [
        FacePose(opened=opened, rounded=opened * is_rounded)
        for is_rounded in (0, 1)
        for opened in np.linspace(0, 1, NUM_POSES)
    ]
    encoded = []
    for pose in poses:
        file = io.BytesIO()
        Image.fromarray(draw_face(pose)).reduce(2).save(file, "jpeg", quality=92)
        encoded.append(base64.b64encode(file.getvalue()).decode())
    return CAMERA.replace("POSES", json.dumps(encoded))


@contextlib.contextmanager
def _studio_before_nobody() -> Iterator[tuple[Any, str]]:
    """A browser with the drawn face, and the address of a studio that knows nobody yet."""
    with (
        tempfile.TemporaryDirectory() as work,
        RecordingReader() as reader,
        InProcessStudio(Path(work) / "data", reader, remote=REMOTE) as studio,
        browser_before(Path(work) / "unused.mjpeg") as browser,
    ):
        size = {"width": PAGE_WIDTH, "height": PAGE_HEIGHT, "deviceScaleFactor": 1}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**size, "mobile": False})
        script = {"source": camera_script()}
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
        yield browser, studio.address


def _is(browser: Any, condition: str) -> bool:
    script = f"const byId = (id) => document.getElementById(id); return {condition}"
    return browser.execute_script(script)


def _place(browser: Any, word: str) -> int:
    """The place of a word among the answers, from 1."""
    script = "return [...document.querySelectorAll('.guess .word')].map((e) => e.textContent)"
    answers: Sequence[str] = browser.execute_script(script)
    return answers.index(word) + 1


def _escape(browser: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(browser).send_keys(Keys.ESCAPE).perform()


if __name__ == "__main__":
    main(tyro.cli(FilmOptions, description=__doc__))
