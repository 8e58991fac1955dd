"""A studio in this process, for tests of pages: what it is sent is written down and not read."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from benchmarks.drawn_face import word_opening

from videospace.lipreading.mouth.detectors import Finder
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.profile.settings import ProfileSettings
from videospace.lipreading.strategies import LearningSettings
from videospace.studio.app import build_app
from videospace.studio.films import FilmReader, Mouth
from videospace.studio.guard import Keys
from videospace.studio.house import House
from videospace.studio.people import People
from videospace.studio.spaces import Spaces

FPS = 25


def mouth_clip(word: int, take: int = 0) -> MouthClip:
    """A drawn mouth that opens in the rhythm of a word, at rest before and after."""
    chance = np.random.default_rng([word, take])
    opening = np.concatenate([np.zeros(10), word_opening(word, 20), np.zeros(10)])
    rows, columns = np.mgrid[:MOUTH_SIZE, :MOUTH_SIZE] - MOUTH_SIZE / 2
    down = 3 + 22 * opening[:, None, None]
    inside = (rows / down) ** 2 + (columns / 30) ** 2 < 1
    grey = np.where(inside, 40.0, 150 + 20 * np.sin(columns / 9)) + chance.normal(
        0, 3, inside.shape
    )
    return MouthClip(frames=grey.clip(0, 255).astype(np.uint8), fps=float(FPS))


class DrawnFilms(FilmReader):
    """In place of a reader: films are kept, and show the word that a test has chosen."""

    def __init__(self) -> None:
        self.films: list[bytes] = []
        self.stills: list[bytes] = []
        self.reset()

    def reset(self, *, word: int = 0, mouths: Sequence[MouthPose] = ()) -> None:
        """Forget what came, and what another test has chosen."""
        self.films.clear()
        self.stills.clear()
        self.word, self.mouths, self.is_still = word, list(mouths), False
        self.problems: tuple[str, ...] = ()

    def read(self, content: bytes, finder: Finder) -> Mouth:
        """The word that was chosen, whatever the film shows."""
        self.films.append(content)
        clip = mouth_clip(self.word, take=len(self.films))
        if self.is_still:
            clip = MouthClip(frames=clip.frames[:1].repeat(40, axis=0), fps=float(FPS))
        return clip, self.problems

    def find_mouths(self, still: bytes, finder: Finder) -> list[MouthPose]:
        """The mouths that a test has chosen, whatever the still shows."""
        self.stills.append(still)
        return self.mouths


class DrawnStudio:
    """The studio's pages over HTTP.

    Args:
        data: Of the people.
        people: Who is there and has taught two words.
    """

    def __init__(self, data: Path, people: Sequence[str] = ("Ann",)):
        self.films, self._data, self._port = DrawnFilms(), data, 0
        house = People(data)
        for person in people:
            profile = house.find(house.create(ProfileSettings(person=person)))
            for word, text in enumerate(("water", "bread")):
                profile.add_word(text)
                profile.add_clip(text, mouth_clip(word), source="studio")
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """With other keys and on the same port as before."""
        settings = LearningSettings(progress=False, device="cpu")
        house = House(People(self._data), self.films, settings)
        config = uvicorn.Config(
            build_app(house, Spaces(self.films), Keys()),
            port=self._port,
            log_level="warning",
            ws="none",
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        listening = config.bind_socket()
        self._port = listening.getsockname()[1]
        sockets: dict[str, Any] = {"sockets": [listening]}
        self._thread = threading.Thread(target=self._server.run, kwargs=sockets, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """At once, whoever is still connected."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=30)
