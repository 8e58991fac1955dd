"""A studio in this process, whose films are read in whatever way is handed to it."""

import socket
import threading
from pathlib import Path

import uvicorn

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.studio.server.app import build_app
from videospace.studio.server.security.access import Keys
from videospace.studio.server.serve import server_config
from videospace.studio.server.sessions.app_state import House
from videospace.studio.server.sessions.profiles import People
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.uploads.films import FilmReader


class StudioHere:
    """The studio's pages over HTTP; it can be stopped and started anew at the same address.

    Args:
        data: Folder of its people.
        films: Reads recordings.
    """

    def __init__(self, data: Path, films: FilmReader):
        self._data, self._films, self._port = data, films, 0
        self.start()

    def __enter__(self) -> "StudioHere":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Of its first page."""
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Begin, with keys of its own."""
        settings = LearningSettings(progress=False, device="cpu")
        house = House(People(self._data), self._films, settings)
        listening = socket.create_server(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        config = server_config(build_app(house, Spaces(self._films), Keys()))
        config.lifespan = "off"  # which would complain of being stopped at once
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """At once, whoever is still connected."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=120)
