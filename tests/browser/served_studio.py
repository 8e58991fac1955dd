"""A studio in this process, to which whatever it is sent shows what a test wants it to show."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from said_words import mouth

from videospace.lipreading.mouth.detectors import Finder
from videospace.lipreading.strategies import LearningSettings
from videospace.runtime.errors import UserError
from videospace.studio.app import build_app
from videospace.studio.films import FilmReader, Mouth
from videospace.studio.guard import Keys
from videospace.studio.house import House
from videospace.studio.people import People
from videospace.studio.spaces import Spaces


class StagedFilms(FilmReader):
    """Every film shows another mouth, and what is said against it."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self.refusal: str | None = None
        self._num_read = 0

    def read(self, content: bytes, finder: Finder) -> Mouth:
        """Without looking into the film."""
        if self.refusal:
            raise UserError(self.refusal)
        self._num_read += 1
        return mouth(10_000 + self._num_read), self.problems


@contextlib.contextmanager
def served(data: Path, films: FilmReader) -> Iterator[str]:
    """Answers while the block runs; the address."""
    house = House(People(data), films, LearningSettings(progress=False, device="cpu"))
    config = uvicorn.Config(
        build_app(house, Spaces(films), Keys()), log_level="warning", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()
