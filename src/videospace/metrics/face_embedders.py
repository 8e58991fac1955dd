"""Face embedders: a vector for the face in a frame, similar for faces of one person.

Any function of the form :class:`FaceEmbedder` works. This module wraps two libraries that the user
has to install: dlib and DeepFace.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.runtime.errors import UserError

SMALLEST_SIDE_PX = 150
"""Smaller frames are enlarged to this size, because the detectors need faces of about 80 px."""


@runtime_checkable
class FaceEmbedder(Protocol):
    """Computes the embedding of the face in every frame of a video."""

    def __call__(
        self, frames: UInt8[np.ndarray, "time height width 3"], /
    ) -> Float[np.ndarray, "time embedding"]:
        """Embed the largest face of each frame.

        Args:
            frames: RGB frames of one size.

        Returns:
            A row for each frame; a row of nan for a frame without a face.
        """
        ...


@final
class DlibFaceEmbedder:
    """The 128 numbers of dlib's face recognition network, for the largest upright face.

    Raises:
        UserError: dlib or its models are not installed.

    Source: King (2017), "High quality face recognition with deep metric learning", dlib.net.
    """

    def __init__(self) -> None:
        folder = _dlib_models()
        try:
            dlib: Any = importlib.import_module("dlib")
        except ImportError as error:
            raise UserError(_install("dlib", "dlib-bin face-recognition-models")) from error
        self._find_faces = dlib.get_frontal_face_detector()
        self._find_landmarks = dlib.shape_predictor(
            str(folder / "shape_predictor_5_face_landmarks.dat")
        )
        self._network = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def __call__(
        self, frames: UInt8[np.ndarray, "time height width 3"], /
    ) -> Float[np.ndarray, "time embedding"]:
        """Embed the largest face of each frame; nan where there is none."""
        return _rows([self._embed(enlarged(frame)) for frame in frames])

    def _embed(self, frame: UInt8[np.ndarray, "height width 3"]) -> Sequence[float] | None:
        faces = self._find_faces(frame)
        if not len(faces):
            return None
        largest = max(faces, key=lambda face: face.area())
        landmarks = self._find_landmarks(frame, largest)
        return list(self._network.compute_face_descriptor(frame, landmarks))


@final
class DeepFaceEmbedder:
    """An embedder of the DeepFace library, which the thesis used.

    The library downloads the weights of a model when the model is first used.

    Args:
        model_name: One of the library's models, such as ``VGG-Face`` (its own choice) or
            ``Facenet512``.

    Raises:
        UserError: The library is not installed, or has no such model.

    Source: Serengil and Özpınar (2020), "LightFace: a hybrid deep face recognition framework".
    """

    def __init__(self, model_name: str = "VGG-Face"):
        try:
            from deepface import DeepFace  # pyright: ignore[reportMissingImports]
        except (ImportError, ValueError) as error:  # ValueError: a TensorFlow without its Keras
            raise UserError(_install("deepface", "deepface tf-keras")) from error
        self._library: Any = DeepFace
        self._model_name = model_name
        try:
            DeepFace.build_model(model_name)
        except ValueError as error:
            raise UserError(f"cannot use DeepFace's model '{model_name}': {error}") from error

    def __call__(
        self, frames: UInt8[np.ndarray, "time height width 3"], /
    ) -> Float[np.ndarray, "time embedding"]:
        """Embed the largest face of each frame; nan where there is none."""
        return _rows([self._embed(enlarged(frame)) for frame in frames])

    def _embed(self, frame: UInt8[np.ndarray, "height width 3"]) -> Sequence[float] | None:
        blue_first = np.ascontiguousarray(frame[..., ::-1])
        try:
            faces = self._library.represent(blue_first, model_name=self._model_name)
        except ValueError as error:
            if "could not be detected" in str(error):
                return None
            raise
        largest = max(faces, key=lambda face: face["facial_area"]["w"] * face["facial_area"]["h"])
        return largest["embedding"]


def enlarged(
    frame: UInt8[np.ndarray, "height width 3"],
) -> UInt8[np.ndarray, "enlarged_height enlarged_width 3"]:
    """Enlarge a frame whose shorter side is below 150 px to that size.

    Example:
        >>> enlarged(np.zeros((64, 128, 3), np.uint8)).shape
        (150, 300, 3)
    """
    height, width = frame.shape[:2]
    shorter = min(height, width)
    if shorter >= SMALLEST_SIDE_PX:
        return np.ascontiguousarray(frame)
    size = tuple(round(side * SMALLEST_SIDE_PX / shorter) for side in (height, width))
    return crop_and_resize(frame, (size[0], size[1]), (0, 0, height, width))


def _rows(embeddings: Sequence[Sequence[float] | None]) -> Float[np.ndarray, "time embedding"]:
    width = next((len(row) for row in embeddings if row is not None), 1)
    rows = np.full((len(embeddings), width), np.nan)
    for frame, row in enumerate(embeddings):
        if row is not None:
            rows[frame] = row
    return rows


def _dlib_models() -> Path:
    """The folder with the files of the package face_recognition_models.

    The package is located without importing it, because its import needs pkg_resources, which
    setuptools no longer has.
    """
    found = importlib.util.find_spec("face_recognition_models")
    if found is None or not found.submodule_search_locations:
        raise UserError(_install("dlib", "dlib-bin face-recognition-models"))
    return Path(found.submodule_search_locations[0]) / "models"


def _install(library: str, packages: str) -> str:
    return (
        f"face embeddings by {library} need libraries that are not installed: "
        f"pip install {packages}"
    )
