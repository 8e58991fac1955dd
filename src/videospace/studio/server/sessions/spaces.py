"""The video spaces of a studio: the pretrained ones, and those of one folder."""

import threading
from pathlib import Path

from videospace.inrv.space.files import CONFIG_FILE
from videospace.inrv.space.pretrained import pretrained_names, pretrained_space
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.studio.server.sessions.profiles import NotThere
from videospace.studio.server.sessions.space_session import Desk
from videospace.studio.server.uploads.films import FilmReader


class Spaces:
    """Every space that can be picked; each is opened when it is first asked for, and stays open.

    Args:
        films: Reads videos that come from outside.
        folder: Of the user's own spaces, each a folder in it; None: only the pretrained ones.
        device: Where to compute: auto, cpu or cuda.

    Raises:
        UserError: There is no such folder.

    Example:
        >>> with FilmReader() as films, Spaces(films) as spaces:
        ...     spaces.ids()
        ['bouncing-ball', 'moving-mnist']
    """

    def __init__(self, films: FilmReader, folder: Path | None = None, device: str = "auto"):
        if folder is not None and not folder.is_dir():
            raise UserError(f"expected a folder of spaces, but there is no folder '{folder}'")
        self._films, self._folder, self._device = films, folder, device
        self._alone = threading.Lock()
        self._desks: dict[str, Desk] = {}

    def __enter__(self) -> "Spaces":
        return self

    def __exit__(self, *_: object) -> None:
        for desk in self._desks.values():
            desk.close()

    def ids(self) -> list[str]:
        """All of them, in alphabetical order."""
        return sorted(self._folders())

    def desk(self, identity: str) -> Desk:
        """A space, opened.

        The id is looked up among those that exist and never becomes a path itself.

        Raises:
            NotThere: There is none of that id.
            UserError: The space is damaged, or comes from a newer version.
        """
        folder = self._folders().get(identity)
        if folder is None:
            raise NotThere("there is no such space here: choose another one")
        with self._alone:
            if identity not in self._desks:
                self._desks[identity] = Desk(self._opened(folder), self._films)
            return self._desks[identity]

    def _opened(self, folder: Path) -> VideoSpace:
        try:
            return VideoSpace.from_pretrained(folder, choose_device(self._device))
        except UserError as error:  # a page is not to read of the folders of the machine
            raise UserError(str(error).replace(str(folder), folder.name)) from error

    def _folders(self) -> dict[str, Path]:
        """By id; where one of the user's has the name of a pretrained one, the user's is meant."""
        folders = {name: pretrained_space(name) for name in pretrained_names()}
        own = [] if self._folder is None else self._folder.iterdir()
        return folders | {path.name: path for path in own if (path / CONFIG_FILE).is_file()}
