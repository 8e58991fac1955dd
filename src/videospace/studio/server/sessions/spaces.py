"""The video spaces of a studio: the pretrained ones, and those of one folder."""

import threading
from pathlib import Path

from videospace.inrv.space.files import CONFIG_FILE
from videospace.inrv.space.pretrained import pretrained_names, pretrained_space
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import NotFound
from videospace.studio.server.sessions.space_session import SpaceSession
from videospace.studio.server.uploads.recordings import RecordingReader


class Spaces:
    """All spaces that a page can choose. Each is opened on its first use and then stays open.

    Args:
        reader: Reads uploaded videos.
        folder: The folder that holds the user's own spaces, each a folder in it. None: only the
            pretrained spaces.
        device: Where to compute: auto, cpu or cuda.

    Raises:
        UserError: There is no such folder.

    Example:
        >>> with RecordingReader() as reader, Spaces(reader) as spaces:
        ...     spaces.ids()
        ['bouncing-ball', 'moving-mnist']
    """

    def __init__(self, reader: RecordingReader, folder: Path | None = None, device: str = "auto"):
        if folder is not None and not folder.is_dir():
            raise UserError(f"expected a folder of spaces, but there is no folder '{folder}'")
        self._reader, self._folder, self._device = reader, folder, device
        self._lock = threading.Lock()
        self._sessions: dict[str, SpaceSession] = {}

    def __enter__(self) -> "Spaces":
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions.values():
            session.close()

    def ids(self) -> list[str]:
        """The ids of all spaces, in alphabetical order."""
        return sorted(self._folders())

    def session(self, identity: str) -> SpaceSession:
        """The session of a space, which is opened if necessary.

        The id is looked up among the existing spaces and never used as a path.

        Raises:
            NotFound: There is no space with this id.
            UserError: The space is damaged, or a newer version of videospace wrote it.
        """
        folder = self._folders().get(identity)
        if folder is None:
            raise NotFound(Message("there is no such space here: choose another one"))
        with self._lock:
            if identity not in self._sessions:
                self._sessions[identity] = SpaceSession(self._open(folder), self._reader, folder)
            return self._sessions[identity]

    def _open(self, folder: Path) -> VideoSpace:
        try:
            return VideoSpace.from_pretrained(folder, choose_device(self._device))
        except UserError as error:  # do not show paths of this machine to a page
            reason = str(error).replace(str(folder), folder.name)
            raise UserError(
                Message(
                    "the space '{space}' cannot be opened: {reason}",
                    space=folder.name,
                    reason=reason,
                )
            ) from error

    def _folders(self) -> dict[str, Path]:
        """The folder of each id. A space of the user hides a pretrained one of the same name."""
        folders = {name: pretrained_space(name) for name in pretrained_names()}
        own = [] if self._folder is None else self._folder.iterdir()
        return folders | {path.name: path for path in own if (path / CONFIG_FILE).is_file()}
