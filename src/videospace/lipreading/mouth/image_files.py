"""Ready-made crops of mouths as images, in folders and in zips."""

import io
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import UInt8
from PIL import ImageOps

from videospace.clips.decoding.frame_folder import IMAGE_SUFFIXES, natural_order
from videospace.clips.decoding.image_file import IMAGE_ERRORS, open_image
from videospace.lipreading.mouth.cropping import fit_crop
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounded_zip import BoundedZip

MAX_IMAGE_BYTES = 64 << 20
"""Largest image in a zip; they are unpacked one after the other."""
MAX_MEMBERS = 1_000_000
"""Files of a zip, which may hold a whole corpus."""


def is_image(path: str) -> bool:
    """Whether a path names an image by its suffix, and neither it nor a folder of it is hidden."""
    parts = PurePosixPath(path).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not hidden and PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES


def read_folder(folder: Path) -> UInt8[np.ndarray, "time 88 88"]:
    """Read the images of a folder as crops, in natural order.

    Raises:
        UserError: There is no image, or one is broken.
    """
    names = sorted(filter(is_image, os.listdir(folder)), key=natural_order)
    if not names:
        raise UserError(f"expected images of a mouth in the folder '{folder}', got none")
    return np.stack([_crop(folder / name, str(folder / name)) for name in names])


def read_zip(path: Path) -> UInt8[np.ndarray, "time 88 88"]:
    """Read the images of a zip as crops, in natural order.

    Raises:
        UserError: The file is no zip, its images are missing, broken or in several folders.
    """
    with OpenZip(path) as archive:
        folders = {str(PurePosixPath(name).parent) for name in archive.image_names}
        if len(folders) != 1:
            raise UserError(
                f"expected the images of one clip in '{path}', got images in {len(folders)} "
                "folders; for many clips in one zip, read it as a corpus"
            )
        return archive.read(archive.image_names)


class OpenZip:
    """A zip of images, open for reading.

    Args:
        path: The file.

    Raises:
        UserError: It is no zip, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = BoundedZip(
                path, max_bytes=MAX_MEMBERS * MAX_IMAGE_BYTES, max_members=MAX_MEMBERS
            )
        except (OSError, UserError) as error:
            raise UserError(f"cannot read '{path}' as a zip of images: {error}") from error
        self.image_names = sorted(filter(is_image, self._archive.names), key=natural_order)
        """The images inside, with their folders, in natural order."""

    def __enter__(self) -> "OpenZip":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.__exit__()

    def read(self, names: Iterable[str]) -> UInt8[np.ndarray, "time 88 88"]:
        """Read some of the images as crops.

        Raises:
            UserError: One is broken, or larger than 64 MiB.
        """
        return np.stack([self._read_one(name) for name in names])

    def _read_one(self, name: str) -> UInt8[np.ndarray, "88 88"]:
        where = f"{self._path}/{name}"
        try:
            content = self._archive.read(name, MAX_IMAGE_BYTES)
        except UserError as error:
            raise UserError(f"'{where}' is damaged ({error}): restore it or take it out") from error
        return _crop(io.BytesIO(content), where)


def _crop(file: Path | io.BytesIO, where: str) -> UInt8[np.ndarray, "88 88"]:
    try:
        with open_image(file) as image:
            return fit_crop(ImageOps.exif_transpose(image))
    except IMAGE_ERRORS as error:
        raise UserError(f"'{where}' is no image that can be read: restore it or take it out") from (
            error
        )
