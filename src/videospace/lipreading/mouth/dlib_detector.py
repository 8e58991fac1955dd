"""The detector of dlib: a face detector and 68 landmarks, as in the thesis."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from videospace.lipreading.mouth.landmarks import LandmarkedPose, Points
from videospace.lipreading.mouth.pose import MouthPose, pose_from_landmarks
from videospace.runtime.errors import UserError

SMALL_SIDE_PX = 200
"""Shorter side of the picture in the first search. The detector finds faces from about 80 px on, so
a face has to fill two fifths of it."""
_NOT_INSTALLED = (
    "finding faces with dlib needs the extra 'lipreading': pip install \"videospace[lipreading]\""
)
_LEFT_EYE, _RIGHT_EYE, _LIPS = slice(36, 42), slice(42, 48), slice(48, 68)
_CHIN, _NOSE = slice(5, 12), slice(27, 36)


@final
class DlibDetector:
    """Finds upright faces by histograms of gradients; the libraries are opened on first use.

    Faces are searched in a smaller copy of the frame and, where there is none, in one of twice that
    size. Landmarks are placed in the frame itself.

    Source: King (2009), "Dlib-ml: a machine learning toolkit"; Kazemi and Sullivan (2014), "One
    millisecond face alignment with an ensemble of regression trees".
    """

    def __init__(self) -> None:
        self._libraries: tuple[Any, Any, Any] | None = None

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"], /) -> list[MouthPose]:
        """Find every face; the largest comes first.

        Raises:
            UserError: dlib or its models are not installed.
        """
        dlib, find_faces, place_landmarks = self._open()
        picture = Image.fromarray(frame).convert("L")
        gray = np.asarray(picture)
        boxes = []
        for shrink in _shrinkings(min(picture.size)):
            small = picture.resize(
                [max(1, round(side / shrink)) for side in picture.size], Image.Resampling.BOX
            )
            boxes = sorted(find_faces(np.asarray(small)), key=lambda box: -box.area())
            if boxes:
                break
        else:
            return []
        poses = []
        for box in boxes:
            sides = (box.left(), box.top(), box.right(), box.bottom())
            left, top, right, bottom = (round(side * shrink) for side in sides)
            face = dlib.rectangle(left, top, right, bottom)
            points = _points(place_landmarks(gray, face))
            poses.append(
                LandmarkedPose.of(_pose(points), (left, top, right, bottom), _lower_face(points))
            )
        return poses

    def points_px(self, frame: UInt8[np.ndarray, "height width 3"], pose: LandmarkedPose) -> Points:
        """Place lips and chin of a face that was found in a frame shortly before.

        Raises:
            UserError: dlib or its models are not installed.
        """
        dlib, _, place_landmarks = self._open()
        gray = np.asarray(Image.fromarray(frame).convert("L"))
        return _lower_face(_points(place_landmarks(gray, dlib.rectangle(*pose.face_px))))

    def _open(self) -> tuple[Any, Any, Any]:
        if self._libraries is None:
            self._libraries = _open_libraries()
        return self._libraries


def _shrinkings(shorter_side_px: int) -> list[float]:
    """By which factors the picture is shrunk in the first and in the second search."""
    first = max(1.0, shorter_side_px / SMALL_SIDE_PX)
    return [first] if first == 1 else [first, max(1.0, first / 2)]


def _points(landmarks: Any) -> Float[np.ndarray, "point=68 xy=2"]:
    return np.array([(point.x, point.y) for point in landmarks.parts()], float)


def _pose(points: Float[np.ndarray, "point=68 xy=2"]) -> MouthPose:
    eyes = np.stack([points[_LEFT_EYE].mean(axis=0), points[_RIGHT_EYE].mean(axis=0)])
    return pose_from_landmarks(eyes, points[_LIPS])


def _lower_face(points: Float[np.ndarray, "point=68 xy=2"]) -> Points:
    lower_face = np.concatenate([points[_LIPS], points[_CHIN]])
    return lower_face - points[_NOSE].mean(axis=0)


def _open_libraries() -> tuple[Any, Any, Any]:
    """Open the library, its face detector and its landmarks.

    The package of models is located and not imported: its import needs a part of setuptools that
    newer versions no longer have.
    """
    try:
        dlib: Any = importlib.import_module("dlib")
        package = importlib.util.find_spec("face_recognition_models")
    except (ImportError, ValueError) as error:  # ValueError: the module has no specification
        raise UserError(_NOT_INSTALLED) from error
    if package is None or not package.submodule_search_locations:
        raise UserError(_NOT_INSTALLED)
    models = Path(package.submodule_search_locations[0]) / "models"
    landmarks = dlib.shape_predictor(str(models / "shape_predictor_68_face_landmarks.dat"))
    return dlib, dlib.get_frontal_face_detector(), landmarks
