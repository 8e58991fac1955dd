"""The detector of MediaPipe, for users of a release that still includes its models."""

from typing import Any, final

import numpy as np
from jaxtyping import UInt8

from videospace.lipreading.mouth.pose import MouthPose, pose_from_landmarks
from videospace.runtime.errors import UserError

MAX_FACES = 3
_LEFT_EYE, _RIGHT_EYE = (33, 133), (362, 263)
_LIPS = (61, 291, 39, 0, 269, 181, 17, 405)  # corners, three points above, three below


@final
class MediapipeDetector:
    """Finds faces from many sides, also rotated ones; the library is opened on first use.

    Source: Kartynnik, Ablavatski, Grishchenko and Grundmann (2019), "Real-time facial surface
    geometry from monocular video on mobile GPUs".
    """

    def __init__(self) -> None:
        self._mesh: Any = None

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"], /) -> list[MouthPose]:
        """Find every face; the largest comes first.

        Raises:
            UserError: MediaPipe is not installed, or includes no models.
        """
        if self._mesh is None:
            self._mesh = _open_mesh()
        found = self._mesh.process(np.ascontiguousarray(frame)).multi_face_landmarks or []
        height, width = frame.shape[:2]
        poses = []
        for face in found:
            points = np.array([(point.x * width, point.y * height) for point in face.landmark])
            eyes = [points[list(eye)].mean(axis=0) for eye in (_LEFT_EYE, _RIGHT_EYE)]
            poses.append(pose_from_landmarks(np.stack(eyes), points[list(_LIPS)]))
        return sorted(poses, key=lambda pose: -pose.side_px)


def _open_mesh() -> Any:
    try:
        import mediapipe  # pyright: ignore[reportMissingImports]

        face_mesh = mediapipe.solutions.face_mesh
    except (ImportError, AttributeError) as error:
        raise UserError(
            "finding faces with MediaPipe needs a release that includes its models: "
            'pip install "mediapipe<0.10.30", or use dlib'
        ) from error
    return face_mesh.FaceMesh(static_image_mode=True, max_num_faces=MAX_FACES)
