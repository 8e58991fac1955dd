"""Read zip and NumPy archives of unknown origin, in bounded memory."""

import contextlib
import io
import math
import os
import shutil
import struct
import zipfile
import zlib
from pathlib import Path
from typing import final

import numpy as np

from videospace.runtime.errors import UserError

MAX_MEMBERS = 50_000
MAX_HEADER_CHARACTERS = 2000
"""Of an array; that of a plain one has about a hundred."""
_ENTRY_BYTES = 256
"""Of the directory, for each member: 46, its name and its times."""
_MAX_RATIO = 1032
"""What deflate can reach at most."""
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,  # a password, or a feature of zips that Python does not know
    struct.error,
)


@final
class BoundedZip:
    """A zip, open for reading, that never unpacks to more than was allowed.

    The sizes in its directory are checked when it is opened, and hold for what is read. Members are
    stored or deflated, and no two have the same name.

    Args:
        file: A path, or an open file.
        max_bytes: All members together may unpack to so much.
        max_members: Number of members at most.

    Raises:
        FileNotFoundError: There is no such file.
        UserError: It is no zip, is damaged, or exceeds a limit; the message has no path.

    Example:
        >>> packed = io.BytesIO()
        >>> with zipfile.ZipFile(packed, "w") as archive:
        ...     archive.writestr("a.txt", "hello")
        >>> with BoundedZip(packed, max_bytes=1000) as archive:
        ...     archive.names, archive.read("a.txt")
        (['a.txt'], bytearray(b'hello'))
    """

    def __init__(
        self, file: Path | io.BufferedIOBase, *, max_bytes: int, max_members: int = MAX_MEMBERS
    ) -> None:
        with contextlib.ExitStack() as files:
            content = files.enter_context(open(file, "rb")) if isinstance(file, Path) else file
            try:
                _check_directory(content, max_members)
                self._zip = files.enter_context(zipfile.ZipFile(content))
                self._members = _checked_members(self._zip.infolist(), max_bytes, max_members)
            except UserError:
                raise
            except _ZIP_ERRORS as error:
                raise UserError(f"no zip file, or damaged: {error}") from error
            self._files = files.pop_all()

    def __enter__(self) -> "BoundedZip":
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    @property
    def names(self) -> list[str]:
        """Of the members, in the order of the file."""
        return list(self._members)

    def size(self, name: str) -> int:
        """Bytes that a member unpacks to.

        Raises:
            UserError: There is no such member.
        """
        return self._member(name).file_size

    def read(self, name: str, max_bytes: int | None = None) -> bytearray:
        """Unpack a member into memory.

        Args:
            name: Of the member.
            max_bytes: Of this member; None leaves it at the limit of the zip.

        Raises:
            UserError: There is no such member, it is damaged, or larger.
        """
        member = self._member(name, max_bytes)
        content = bytearray(member.file_size)
        try:
            with self._zip.open(member) as source:
                view = memoryview(content)
                while part := source.read(1 << 16):  # all at once would ignore the size
                    view[: len(part)] = part
                    view = view[len(part) :]
                if view:
                    raise EOFError("it is shorter than its directory says")
        except _ZIP_ERRORS as error:
            raise UserError(f"'{name}' is damaged: {error}") from error
        return content

    def extract(self, name: str, target: Path, max_bytes: int | None = None) -> None:
        """Unpack a member into a new file.

        Args:
            name: Of the member.
            target: The file, which must not exist; in a folder that does.
            max_bytes: Of this member; None leaves it at the limit of the zip.

        Raises:
            OSError: The file exists, or cannot be written.
            UserError: There is no such member, it is damaged, or larger.
        """
        member = self._member(name, max_bytes)
        with open(target, "xb") as file:
            try:
                with self._zip.open(member) as source:
                    shutil.copyfileobj(source, file, 1 << 16)
            except _ZIP_ERRORS as error:
                if isinstance(error, OSError) and error.errno is not None:  # of the new file
                    raise
                raise UserError(f"'{name}' is damaged: {error}") from error
            if file.tell() != member.file_size:
                raise UserError(f"'{name}' is damaged: it is shorter than its directory says")

    def array(self, name: str, max_bytes: int | None = None) -> np.ndarray:
        """Read a member that is a NumPy array, by its name with ``.npy``.

        Args:
            name: Of the member.
            max_bytes: Of this member; None leaves it at the limit of the zip.

        Raises:
            UserError: There is no such member, it is damaged, larger, or no array of numbers or
                text.
        """
        return _array_from(self.read(name, max_bytes), name)

    def _member(self, name: str, max_bytes: int | None = None) -> zipfile.ZipInfo:
        if name not in self._members:
            raise UserError(f"it lacks '{name}'")
        member = self._members[name]
        if max_bytes is not None and member.file_size > max_bytes:
            raise UserError(
                f"'{name}' unpacks to {member.file_size:,} bytes, expected at most {max_bytes:,}"
            )
        return member


def read_npz(file: Path | io.BufferedIOBase, *, max_bytes: int) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz`` file and verify their checksums; nothing is unpickled.

    Args:
        file: A path, or an open file.
        max_bytes: All arrays together may need so much memory.

    Returns:
        The arrays by name; they can be written to.

    Raises:
        FileNotFoundError: There is no such file.
        UserError: It is no such file, is damaged, or exceeds a limit; the message has no path.

    Example:
        >>> packed = io.BytesIO()
        >>> np.savez(packed, width=np.arange(3))
        >>> read_npz(packed, max_bytes=10_000)
        {'width': array([0, 1, 2])}
    """
    with BoundedZip(file, max_bytes=max_bytes) as archive:
        arrays = {name.removesuffix(".npy"): archive.array(name) for name in archive.names}
        if len(arrays) < len(archive.names):
            raise UserError("two arrays have the same name")
        return arrays


def _check_directory(file: io.BufferedIOBase, max_members: int) -> None:
    """Check how large the directory is, which ``zipfile`` reads as a whole.

    Source: sections 4.3.14 to 4.3.16 of PKWARE's APPNOTE.
    """
    length = file.seek(0, os.SEEK_END)
    tail_length = min(length, 22 + (1 << 16))
    file.seek(length - tail_length)
    tail = file.read(tail_length)
    is_plain = tail[-22:-18] == b"PK\x05\x06" and tail[-2:] == b"\0\0"
    end = len(tail) - 22 if is_plain else tail.rfind(b"PK\x05\x06", 0, len(tail) - 18)
    if end < 0:
        raise UserError("no zip file, or damaged: it has no directory")
    (num_bytes,) = struct.unpack_from("<L", tail, end + 12)
    locator_at = length - tail_length + end - 20
    if locator_at >= 0:
        file.seek(locator_at)
        mark, _, offset, _ = struct.unpack("<4sLQL", file.read(20))
        if mark == b"PK\x06\x07" and offset + 56 <= length:
            # zipfile expects the long record right before its locator.
            file.seek(max(0, locator_at - 56))
            (num_bytes,) = struct.unpack_from("<Q", file.read(56), 40)
    if num_bytes > _ENTRY_BYTES * max_members:
        raise UserError(
            f"expected at most {max_members:,} members, got a directory of {num_bytes:,} bytes"
        )
    file.seek(0)


def _checked_members(
    members: list[zipfile.ZipInfo], max_bytes: int, max_members: int
) -> dict[str, zipfile.ZipInfo]:
    """The members by name, once their number and sizes are right."""
    if len(members) > max_members:
        raise UserError(f"expected at most {max_members:,} members, got {len(members):,}")
    if (total := sum(member.file_size for member in members)) > max_bytes:
        raise UserError(f"it unpacks to {total:,} bytes, expected at most {max_bytes:,}")
    for member in members:
        packed, size = member.compress_size, member.file_size
        # Other kinds of compression cannot be unpacked in bounded memory.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"'{member.filename}' is packed by another method than deflate")
        ratio = 1 if member.compress_type == zipfile.ZIP_STORED else _MAX_RATIO
        if size > packed * ratio:
            raise UserError(f"'{member.filename}' is damaged: it cannot unpack to {size:,} bytes")
    by_name = {member.filename: member for member in members}
    if len(by_name) < len(members):
        raise UserError("two members have the same name")
    return by_name


def _array_from(content: bytearray, name: str) -> np.ndarray:
    """The array in the bytes of an ``.npy`` file, without a copy."""
    file = io.BytesIO(content[: MAX_HEADER_CHARACTERS + 12])
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, in_fortran_order, dtype = read_header(file, max_header_size=MAX_HEADER_CHARACTERS)
        if dtype.hasobject or dtype.kind not in "biufcSU" or dtype.itemsize == 0:
            raise TypeError(f"expected numbers or text, got {dtype}")
        if math.prod(shape) * dtype.itemsize != len(content) - file.tell():
            raise ValueError(f"{dtype} of shape {shape} has another size")
        flat = np.frombuffer(content, dtype, offset=file.tell())
        return flat.reshape(shape[::-1]).T if in_fortran_order else flat.reshape(shape)
    except Exception as error:  # numpy's reader raises many types
        raise UserError(f"'{name}' is no array that can be read: {error}") from error
