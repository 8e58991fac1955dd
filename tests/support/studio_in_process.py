"""A studio in this process, with a reader of recordings that the test supplies."""

import socket
import threading
from pathlib import Path

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.studio.server.app import build_app
from videospace.studio.server.devices import RemoteAddress
from videospace.studio.server.security.access import Keys
from videospace.studio.server.security.limited_server import LimitedServer
from videospace.studio.server.serve import server_config
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.sessions.symbols import SymbolSet
from videospace.studio.server.uploads.media import MediaProcess
from videospace.studio.server.uploads.recordings import RecordingReader


class InProcessStudio:
    """The studio's pages over HTTP. It can be stopped and restarted at the same address.

    Args:
        data: Folder of its profiles.
        reader: Reads recordings.
        symbols: Folder of symbols for phrases, if any.
        remote: Where pages say that other devices find it.
    """

    def __init__(
        self,
        data: Path,
        reader: RecordingReader,
        symbols: Path | None = None,
        remote: RemoteAddress | None = None,
    ):
        self._data, self._reader, self._port = data, reader, 0
        self._symbols, self._remote = SymbolSet(symbols), remote
        self.start()

    def __enter__(self) -> "InProcessStudio":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Address of its first page."""
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Start, with new keys."""
        self._media = MediaProcess()
        settings = LearningSettings(progress=False, device="cpu")
        self.profiles = Profiles(self._data)
        app_state = AppState(self.profiles, self._reader, settings)
        listening = socket.create_server(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        spaces = Spaces(self._reader)
        config = server_config(
            build_app(app_state, spaces, self._media, self._symbols, Keys(), self._remote)
        )
        config.lifespan = "off"  # it would log an error when the server is stopped
        self._server = LimitedServer(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop at once, even with open connections."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=120)
        self._media.__exit__()
