"""The people of a studio: a folder with a profile for each."""

import os
import re
import tempfile
import unicodedata
import zipfile
from pathlib import Path

from videospace.lipreading.mouth_model import MouthModel
from videospace.lipreading.profile.archive import import_profile
from videospace.lipreading.profile.layout import INDEX_FILE
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.settings import ProfileSettings
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write
from videospace.studio.confined import Answer, ConfinedProcess

IMPORT_MEMORY_BYTES = 2 * 2**30
MOST_IMPORT_SECONDS = 300.0
MOST_UNPACKED_BYTES = 4 * 2**30


class NotThere(UserError):
    """What was asked for does not exist, or no longer."""


class People:
    """Profiles in one folder, which only its owner may read; each has the name of its folder as id.

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
        folder = self._new_folder(settings.person)
        profile = Profile.create(folder, settings)
        if self._model is not None:
            adopt_model(profile, self._model)
        return folder.name

    def take_in(self, archive: Path) -> str:
        """Make a profile of an exported one, read in a process of its own, and return its id.

        Raises:
            UserError: The file is no exported profile, or damaged.
        """
        with (
            tempfile.TemporaryDirectory(prefix=".import-", dir=self.folder) as hidden,
            ConfinedProcess(memory_bytes=IMPORT_MEMORY_BYTES) as process,
        ):
            unfinished = Path(hidden) / "profile"
            found, _ = process.call(_take_in, archive, unfinished, seconds=MOST_IMPORT_SECONDS)
            folder = self._new_folder(found["person"])
            os.replace(unfinished, folder)
        return folder.name

    def _folders(self) -> dict[str, Path]:
        return {
            path.name: path
            for path in self.folder.iterdir()
            if not path.name.startswith(".") and (path / INDEX_FILE).is_file()
        }

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
    return sum(path.stat().st_size for path in profile.folder.rglob("*") if path.is_file())
