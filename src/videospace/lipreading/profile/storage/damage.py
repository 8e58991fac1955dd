"""Profiles that cannot be opened: the error that says so, and the export of their files."""

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.storage.checks import one_line
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write
from videospace.runtime.messages import Message

INDEX_FILE = "profile.sqlite"
"""Name of the database in the folder of a profile."""
CLIPS = "clips"
"""Subfolder of the clips, ``ID.npz``."""
MODELS = "models"
"""Subfolder of the models, each in a folder of its own."""
LEFT_OUT_FILE = "LEFT-OUT.txt"
"""In an export as it is, the list of what could not be read."""


class UnreadableProfile(UserError):
    """A profile is damaged, or a newer version of videospace wrote it.

    Args:
        folder: The profile.
        reason: Why it cannot be opened, without a path; kept as an attribute.
        advice: What to do about it.
    """

    def __init__(
        self,
        folder: Path,
        reason: str,
        advice: str = "restore it from a copy, or save its files with "
        "'videospace lipread export --as-is' and delete it",
    ) -> None:
        reason = Message.changed(reason, one_line)
        super().__init__(f"cannot open the profile '{folder}', {reason}: {advice}")
        self.reason = reason


def is_profile(folder: Path) -> bool:
    """Whether a folder is a profile, perhaps a damaged one.

    Example:
        >>> is_profile(Path("/"))
        False
    """
    try:
        names = {INDEX_FILE, CLIPS, MODELS} & set(os.listdir(folder))
    except FileNotFoundError:
        return folder.is_symlink()
    except NotADirectoryError:
        return False
    except OSError:  # nobody can tell
        return True
    return INDEX_FILE in names or names == {CLIPS, MODELS}


def export_as_it_is(folder: Path, path: Path) -> list[str]:
    """Write the files of a profile, which may be damaged, into one zip file.

    Such a file cannot be imported. It holds what can be read of the profile, so that nothing is
    lost when the profile is deleted. Links and what cannot be read are listed in it as left out.

    Args:
        folder: The profile; nothing may be added to it meanwhile.
        path: The zip file.

    Returns:
        The names of files that were left out.

    Raises:
        UserError: The folder is no profile, the file name does not end in ``.zip``, or the file
            cannot be written.
    """
    require_zip(path)
    if not is_profile(folder):
        raise UserError(f"expected a profile, but '{folder}' has no {INDEX_FILE}")
    left_out: list[str] = []
    with (
        atomic_write(path) as unfinished,
        zipfile.ZipFile(unfinished, "w", strict_timestamps=False) as archive,
    ):
        for file in _paths_below(folder.resolve()):
            name = _shown(file.relative_to(folder.resolve()))
            if not _copied(file, archive, name):
                left_out.append(name)
        if left_out:
            archive.writestr(LEFT_OUT_FILE, "".join(f"{name}\n" for name in left_out))
    return left_out


def require_zip(path: Path) -> None:
    """Check the name of a zip file to be written, and make its folder.

    Raises:
        UserError: It does not end in ``.zip``, or the folder cannot be made.
    """
    if path.suffix.lower() != ".zip":
        raise UserError(f"expected a file name that ends in .zip, got '{path.name}'")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def _paths_below(folder: Path) -> Iterator[Path]:
    """All files, links, and folders that cannot be read."""
    unreadable: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unreadable.append):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        yield from (Path(parent) / name for name in sorted([*files, *links]))
    yield from (Path(error.filename) for error in unreadable)


def _copied(file: Path, archive: zipfile.ZipFile, name: str) -> bool:
    """Copy a file into a zip, as far as it can be read.

    Returns:
        Whether that was the whole file.
    """
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return False
        member = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
        source = file.open("rb")
    except OSError:
        return False
    with source, archive.open(member, "w", force_zip64=True) as target:
        while True:
            try:
                part = source.read(1 << 20)
            except OSError:
                return False
            if not part:
                return True
            target.write(part)


def _shown(path: Path) -> str:
    """The name of a file as text, also where its bytes are none."""
    return path.as_posix().encode(errors="backslashreplace").decode()
