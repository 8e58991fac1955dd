"""The people of a studio: a folder with a profile for each."""

import contextlib
import os
import re
import threading
import unicodedata
import zipfile
from pathlib import Path

from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.archive import import_profile
from videospace.lipreading.profile.clip_files import sync_folder
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import ProfileSettings
from videospace.lipreading.profile.store import INDEX_FILE
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write
from videospace.studio.server.uploads.sandbox import Answer, ConfinedProcess
from videospace.studio.server.uploads.temp_dirs import sweep_unfinished, unfinished_folder

IMPORT_MEMORY_BYTES = 2 * 2**30
MOST_IMPORT_SECONDS = 300.0
MOST_UNPACKED_BYTES = 4 * 2**30


class NotThere(UserError):
    """What was asked for does not exist, or no longer."""


class People:
    """Profiles in one folder, which only its owner may read; each has the name of its folder as id.

    What killed processes left in the folder is cleared away.

    Args:
        folder: Made where it does not exist.
        model: Folder of a pretrained model for new profiles; None: without one.

    Raises:
        UserError: The folder cannot be made, or there is no such model.

    Example:
        >>> import tempfile
        >>> people = People(Path(tempfile.mkdtemp()) / "studio")
        >>> people.create(ProfileSettings(person="Ann Lee"))
        'ann-lee'
        >>> people.find("ann-lee").settings.person
        'Ann Lee'
    """

    def __init__(self, folder: Path, model: Path | None = None):
        self.folder = folder
        self._model = None if model is None else MouthModel.from_pretrained(model)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise cannot_write(folder, error) from error
        self._naming = threading.Lock()
        sweep_unfinished(folder)
        for path in self._folders().values():
            with contextlib.suppress(UserError):  # what is damaged is named when it is asked for
                Profile(path)

    def ids(self) -> list[str]:
        """All of them, in alphabetical order."""
        return sorted(self._folders())

    def find(self, identity: str) -> Profile:
        """A person's profile.

        The id is looked up among those that exist and never becomes a path itself.

        Raises:
            NotThere: There is none of that id.
        """
        folder = self._folders().get(identity)
        if folder is None:
            raise NotThere("there is no such person here: choose another one")
        return Profile(folder)

    def create(self, settings: ProfileSettings) -> str:
        """Make a profile for a person and return its id.

        Raises:
            UserError: The name is none, or the disk is full.
        """
        with unfinished_folder(self.folder) as hidden:
            profile = Profile.create(hidden / "profile", settings)
            if self._model is not None:
                adopt_model(profile, self._model)
            return self._take(profile.folder, settings.person)

    def take_in(self, archive: Path) -> str:
        """Make a profile of an exported one, read in a process of its own, and return its id.

        Raises:
            UserError: The file is no exported profile, or damaged.
        """
        with (
            unfinished_folder(self.folder) as hidden,
            ConfinedProcess(memory_bytes=IMPORT_MEMORY_BYTES) as process,
        ):
            finished = hidden / "profile"
            found, _ = process.call(_take_in, archive, finished, seconds=MOST_IMPORT_SECONDS)
            return self._take(finished, found["person"])

    def _folders(self) -> dict[str, Path]:
        return {
            path.name: path
            for path in self.folder.iterdir()
            if not path.name.startswith(".") and (path / INDEX_FILE).is_file()
        }

    def _take(self, finished: Path, person: str) -> str:
        """Give a finished profile its place, and return its id."""
        with self._naming:  # two of one name may come at once
            folder = self._new_folder(person)
            try:
                os.replace(finished, folder)
            except OSError as error:
                raise cannot_write(folder, error) from error
            sync_folder(self.folder)
        return folder.name

    def _new_folder(self, person: str) -> Path:
        plain = unicodedata.normalize("NFKD", person).encode("ascii", "ignore").decode().lower()
        stem = "-".join(re.findall("[a-z0-9]+", plain))[:40] or "person"
        names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
        return next(path for name in names if not (path := self.folder / name).exists())


def _take_in(archive: Path, folder: Path) -> Answer:
    try:
        with zipfile.ZipFile(archive) as content:
            unpacked_bytes = sum(member.file_size for member in content.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError("the file is no exported profile, or is damaged") from error
    if unpacked_bytes > MOST_UNPACKED_BYTES:
        raise UserError(
            "the file holds more than 4 GiB: import it with 'videospace lipread import'"
        )
    try:
        return {"person": import_profile(archive, folder).settings.person}, b""
    except UserError as error:
        raise UserError(str(error).replace(f"'{archive}'", "the file")) from error


def size_bytes(profile: Profile) -> int:
    """What a profile takes on the disk."""
    num_bytes = 0
    for folder, _, names in os.walk(profile.folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # it was there when the folder was listed
                num_bytes += (Path(folder) / name).stat().st_size
    return num_bytes
