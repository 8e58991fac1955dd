"""Files and folders that only their owner may read."""

import contextlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write

BROWSER_SECRET = ".browsers.key"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The permissions of everybody but the owner."""
_SECRET = re.compile(r"[\w-]{32}", re.ASCII)
_NOBODY = 65534
"""The owner that a container shows for the files of the system's root."""
_HAS_OWNERS = hasattr(os, "getuid")  # not on Windows, where a home folder is private by itself


@contextlib.contextmanager
def umask(mask: int) -> Iterator[int]:
    """Take permissions from the files and folders that this process creates in the block.

    Args:
        mask: The bits to take away; `OTHERS` leaves everything to its owner alone.

    Yields:
        The bits that were taken away before.
    """
    before = os.umask(mask)
    try:
        yield before
    finally:
        os.umask(before)


def private_folder(folder: Path) -> str:
    """Create a folder for its owner alone, or close one that is there to all others.

    Args:
        folder: The folder.

    Returns:
        A sentence about a folder that others could read; empty if they could not.

    Raises:
        UserError: It cannot be created, it belongs to somebody else, or somebody else could put
            another folder in its place.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "studio"
        >>> private_folder(folder)
        ''
        >>> stat.filemode(folder.stat().st_mode)
        'drwx------'
    """
    _check_links(folder)
    try:
        with umask(OTHERS):
            folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UserError(f"expected a folder, got the file '{folder}': choose a folder") from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    if not _HAS_OWNERS:
        return ""
    note, keeps_permissions = _close(folder)
    if keeps_permissions:
        _check_parents(folder)
    return note


def _check_links(folder: Path) -> None:
    """Refuse a link that leads nowhere, and one by which somebody else chooses the folder."""
    for path in (folder, *folder.absolute().parents):
        if not path.is_symlink():
            continue
        target = os.readlink(path)
        if not path.exists():
            raise UserError(
                f"'{path}' is a link to '{target}', which is not there: create that folder, "
                "or choose another one"
            )
        if _HAS_OWNERS and path.lstat().st_uid not in (os.getuid(), 0, _NOBODY):
            raise UserError(
                f"'{path}' is a link of another user, who could exchange the folder: "
                f"choose '{target}' itself, or another folder"
            )
        _check_links(path.parent / target)


def _close(folder: Path) -> tuple[str, bool]:
    """Close a folder; return what there is to say, and whether its disk keeps permissions."""
    try:
        # The folder that was opened is the one that is checked and closed.
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        found = os.fstat(opened)
        if found.st_uid != os.getuid():
            raise UserError(
                f"'{folder}' belongs to another user, who could read everything in it: "
                "choose a folder of your own"
            )
        if not found.st_mode & OTHERS:
            return "", True
        with contextlib.suppress(PermissionError):  # some disks without permissions refuse it
            os.fchmod(opened, stat.S_IMODE(found.st_mode) & ~OTHERS)
        is_closed = not os.fstat(opened).st_mode & OTHERS
    finally:
        os.close(opened)
    if is_closed:
        return f"'{folder}' was open to other users of this machine: it is closed now", True
    return (
        f"warning: other users of this machine may read '{folder}', because its disk keeps no "
        "permissions: choose a folder on another disk"
    ), False


def _check_parents(folder: Path) -> None:
    """Refuse a folder that any other user could replace with one of their own."""
    for parent in {*folder.absolute().parents, *folder.resolve().parents}:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise UserError(
                f"every user of this machine could exchange the folders in '{parent}': "
                f"choose a folder elsewhere, or close it (chmod o-w '{parent}')"
            )


def browser_secret(folder: Path, purpose: str) -> str:
    """A secret that browsers keep which were let in once, also by an earlier start.

    Args:
        folder: A private folder, which keeps what the secrets are made from.
        purpose: Each purpose has a secret of its own.

    Raises:
        UserError: The folder cannot be written to.
    """
    path = folder / BROWSER_SECRET
    found = _read_private(path)
    if found is None:
        found = secrets.token_urlsafe(24)
        write_private(path, found.encode())
    return hmac.digest(found.encode(), purpose.encode(), "sha256").hex()


def _read_private(path: Path) -> str | None:
    """The secret in a file; None where nobody else may have read or written it."""
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
            about = os.fstat(file.fileno())
            content = file.read(100).decode("ascii", "replace")
    except OSError:
        return None
    is_own = not _HAS_OWNERS or (about.st_uid == os.getuid() and not about.st_mode & OTHERS)
    return content if is_own and _SECRET.fullmatch(content) else None


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, whole or not at all.

    Raises:
        UserError: It cannot be written.
    """
    with atomic_write(path) as unfinished:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with open(os.open(unfinished, flags, stat.S_IRUSR | stat.S_IWUSR), "wb") as file:
            file.write(content)
