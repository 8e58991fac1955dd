"""The studio's profiles, one folder each."""

import contextlib
import dataclasses
import logging
import os
import re
import threading
import unicodedata
import uuid
from pathlib import Path

from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.archive import import_profile
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.clip_files import sync_folder
from videospace.lipreading.profile.storage.damage import UnreadableProfile, is_profile
from videospace.lipreading.profile.storage.records import ProfileSettings, now
from videospace.lipreading.profile.words import word_key
from videospace.runtime.errors import BusyError, UserError
from videospace.runtime.files import cannot_write
from videospace.runtime.messages import Message, message_of
from videospace.studio.server.errors import NotFound
from videospace.studio.server.security.private_files import private_folder
from videospace.studio.server.uploads.sandbox import Answer, Sandbox
from videospace.studio.server.uploads.temp_dirs import remove_leftovers, temp_dir

IMPORT_MEMORY_BYTES = 2 * 2**30
MAX_IMPORT_SECONDS = 300.0
MAX_UNPACKED_BYTES = 4 * 2**30


class Profiles:
    """Profiles in one folder, which only its owner may read. A profile's id is its folder's name.

    A damaged profile has an id, too, so that it can be exported as it is, and deleted.

    Files that killed processes left behind are removed.

    Args:
        folder: The folder; it is created if it does not exist.
        model: Folder of a pretrained model for new profiles. None: new profiles have no model.

    Raises:
        UserError: The folder cannot be created or belongs to somebody else, or there is no such
            model.

    Example:
        >>> import tempfile
        >>> profiles = Profiles(Path(tempfile.mkdtemp()) / "studio")
        >>> profiles.create(ProfileSettings(person="Ann Lee"))
        'ann-lee'
        >>> profiles.find("ann-lee").settings.person
        'Ann Lee'
    """

    def __init__(self, folder: Path, model: Path | None = None):
        self.folder = folder
        self._model = None if model is None else MouthModel.from_pretrained(model)
        self.note = private_folder(folder)
        """What there is to say about the folder; empty if nothing."""
        self._naming = threading.Lock()
        remove_leftovers(folder)
        for path in self._folders().values():
            with contextlib.suppress(UserError):  # reported when it is used
                Profile(path)

    def ids(self) -> list[str]:
        """The ids of all profiles, in alphabetical order."""
        return sorted(self._folders())

    def find(self, identity: str) -> Profile:
        """The profile of an id.

        The id is looked up among the existing profiles and never used as a path.

        Raises:
            NotFound: There is no profile with this id.
            UnreadableProfile: The profile is damaged or of a newer version.
        """
        return Profile(self.folder_of(identity))

    def folder_of(self, identity: str) -> Path:
        """The folder of a profile, which may be damaged.

        Raises:
            NotFound: There is no profile with this id.
        """
        folder = self._folders().get(identity)
        if folder is None:
            raise NotFound(Message("there is no such person here: choose another one"))
        return folder

    def create(self, settings: ProfileSettings) -> str:
        """Create a profile and return its id.

        Raises:
            UserError: The name is not valid, somebody else has it, or the disk is full.
        """
        self.require_free_name(settings.person)
        with temp_dir(self.folder) as hidden:
            settings = dataclasses.replace(settings, identity=uuid.uuid4().hex)
            profile = Profile.create(hidden / "profile", settings)
            if self._model is not None:
                adopt_model(profile, self._model)
            with self._naming:  # somebody of this name may have come meanwhile
                self.require_free_name(settings.person)
                return self._move_in(profile.folder, settings.person)

    def import_archive(self, archive: Path) -> str:
        """Import an exported profile, in a process of its own, and return its id.

        Raises:
            UserError: The file is not an exported profile, or is damaged.
        """
        with (
            temp_dir(self.folder) as hidden,
            Sandbox(memory_bytes=IMPORT_MEMORY_BYTES) as sandbox,
        ):
            finished = hidden / "profile"
            found, _ = sandbox.call(_import_archive, archive, finished, seconds=MAX_IMPORT_SECONDS)
            # A copy of somebody who is here may not share what browsers keep.
            Profile(finished).update_settings(identity=uuid.uuid4().hex, backed_up=now())
            with self._naming:
                return self._move_in(finished, found["person"])

    def require_free_name(self, person: str, *, of: str | None = None) -> None:
        """Refuse a name that somebody else has: nobody could tell the two apart.

        Args:
            person: The name.
            of: Id of the person who may have it.

        Raises:
            UserError: Somebody else has it.
        """
        for identity in self.ids():
            if identity != of and self._name_key(identity) == word_key(" ".join(person.split())):
                raise UserError(
                    Message(
                        "there is somebody named {person} here already: use another name, such as "
                        "{person} B.",
                        person=person,
                    )
                )

    def _name_key(self, identity: str) -> str | None:
        try:
            return word_key(self.find(identity).settings.person)
        except UserError:  # damaged, or deleted meanwhile
            return None

    def _folders(self) -> dict[str, Path]:
        return {
            _id_of(path): path
            for path in self.folder.iterdir()
            if not path.name.startswith(".") and is_profile(path)
        }

    def _move_in(self, finished: Path, person: str) -> str:
        """Move a finished profile to a folder named after the person, and return its id.

        The caller holds the lock ``_naming``.
        """
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


def _id_of(folder: Path) -> str:
    """The name of a folder, with the bytes in it that are no text as numbers."""
    return os.fsencode(folder.name).decode(errors="backslashreplace")


def damage_of(error: Exception) -> str:
    """Why a profile cannot be opened, in words without a path of this machine."""
    if isinstance(error, UnreadableProfile):
        return error.reason
    if isinstance(error, BusyError):
        return Message("another program is using it")
    if not isinstance(error, UserError):
        logging.getLogger("videospace.studio").error("cannot read a profile", exc_info=error)
    return Message("its files cannot be read")


def _import_archive(archive: Path, folder: Path) -> Answer:
    try:
        profile = import_profile(archive, folder, max_bytes=MAX_UNPACKED_BYTES)
        return {"person": profile.settings.person}, b""
    except UserError as error:  # do not show paths of this machine to a page
        message = message_of(error)
        if isinstance(message, Message) and message.values.get("file") == f"'{archive}'":
            values = message.values | {"file": Message("the file")}
            raise UserError(Message(message.template, **values)) from error
        text = str(message).replace(f"'{archive}'", "the file")
        text = re.sub(f"'{re.escape(str(folder.parent))}[^']*'", "the folder of the studio", text)
        raise UserError(text) from error


def size_bytes(folder: Path) -> int:
    """The size of a profile on the disk, as far as it can be read."""
    num_bytes = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # such as deleted since the folder was listed
                num_bytes += (Path(parent) / name).stat().st_size
    return num_bytes
