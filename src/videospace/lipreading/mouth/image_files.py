"""Ready-made crops of mouths as images, in folders and in zips."""

import io
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from videospace.clips.decoding.frame_folder import IMAGE_SUFFIXES, natural_order
from videospace.lipreading.mouth.cropping import fit_crop
from videospace.runtime.errors import UserError

_IMAGE_ERRORS = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
_ZIP_ERRORS = (OSError, zipfile.BadZipFile, RuntimeError, EOFError)
"""zipfile raises RuntimeError for a password, and for a compression that it does not know."""


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
            self._archive = zipfile.ZipFile(path)
        except _ZIP_ERRORS as error:
            raise UserError(f"cannot read '{path}' as a zip of images: {error}") from error
        self.image_names = sorted(filter(is_image, self._archive.namelist()), key=natural_order)
        """The images inside, with their folders, in natural order."""

    def __enter__(self) -> "OpenZip":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def read(self, names: Iterable[str]) -> UInt8[np.ndarray, "time 88 88"]:
        """Read some of the images as crops.

        Raises:
            UserError: One is broken.
        """
        return np.stack([self._read_one(name) for name in names])

    def _read_one(self, name: str) -> UInt8[np.ndarray, "88 88"]:
        where = f"{self._path}/{name}"
        try:
            content = self._archive.read(name)
        except _ZIP_ERRORS as error:
            raise UserError(f"'{where}' is damaged: restore it or take it out") from error
        return _crop(io.BytesIO(content), where)


def _crop(file: Path | io.BytesIO, where: str) -> UInt8[np.ndarray, "88 88"]:
    try:
        with Image.open(file) as image:
            return fit_crop(ImageOps.exif_transpose(image))
    except _IMAGE_ERRORS as error:
        raise UserError(f"'{where}' is no image that can be read: restore it or take it out") from (
            error
        )
