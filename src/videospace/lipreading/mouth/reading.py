"""Reading mouth clips from recordings of a face, or from ready-made crops of a mouth."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from einops import repeat
from jaxtyping import UInt8
from PIL import Image
from scipy.ndimage import label

from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import probe, read_frames, read_timed_frames
from videospace.lipreading.mouth.cropping import crop_mouth, fit_crop
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.mouth.image_files import read_folder, read_zip
from videospace.lipreading.mouth.landmarks import (
    LandmarkDetector,
    LandmarkedPose,
    Points,
    landmarks_of_every_frame,
    points_of_speaker,
)
from videospace.lipreading.mouth.mouth_clip import MODEL_FPS, MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.quality import QualityReport, assess, fraction_out_of_frame
from videospace.lipreading.mouth.tracking import (
    follow,
    frames_between_detections,
    pose_of_every_frame,
)
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message


class NoFaceError(UserError):
    """There is no face in any frame of a recording."""


def read_mouth(
    source: Path | str | np.ndarray, detector: FaceDetector, *, fps: float | None = None
) -> tuple[MouthClip, QualityReport]:
    """Read a recording of a face: track the mouth and crop it from every frame.

    The recording is read twice, first to find the face and then to crop, and never held in memory
    as a whole. While the face is lost, the crop moves on a straight line to where it is found
    again.

    Args:
        source: A video file, a folder of images, or the frames as uint8, RGB
            (time, height, width, 3) or gray (time, height, width).
        detector: Finds the faces.
        fps: Frames per second; None takes the file's own, and 25 for frames and images.

    Returns:
        The mouth at the frame rate of the recording, and the quality of the recording.

    Raises:
        UserError: Nothing can be read, or there is no face in any frame (NoFaceError).

    Example:
        >>> from videospace.lipreading.mouth.detectors import FixedBox
        >>> frames = np.random.default_rng(0).integers(0, 256, (30, 120, 160, 3), dtype=np.uint8)
        >>> clip, report = read_mouth(frames, FixedBox("40,50,60,60"))
        >>> clip.frames.shape, report.face_fraction, report.mouth_side_px
        ((30, 88, 88), 1.0, 60.0)
    """
    name = "the frames" if isinstance(source, np.ndarray) else f"'{source}'"
    losses, shown_fps = ReadReport(), None
    if isinstance(source, np.ndarray):
        _require_frames(source)
        rate = MODEL_FPS if fps is None else fps
    else:
        rate = shown_fps = probe(source).fps
        if fps is not None:
            rate, shown_fps = fps, None
    if not 0 < rate < float("inf"):
        raise UserError(f"expected a frame rate above 0, got {rate}")
    between = frames_between_detections(rate)
    found: list[list[MouthPose]] = []
    placed: dict[int, list[Points]] = {}
    num_frames, sizes = 0, []  # a camera that is turned changes the size in the middle
    for num_frames, frame in enumerate(_read(source, shown_fps, losses), start=1):
        sizes.append(frame.shape[:2])
        if (num_frames - 1) % between == 0:
            found.append(detector(frame))
        elif isinstance(detector, LandmarkDetector):
            placed[num_frames - 1] = [
                detector.points_px(frame, pose)
                for pose in found[-1]
                if isinstance(pose, LandmarkedPose)
            ]
    poses = follow(found)
    if not any(poses):
        raise NoFaceError(
            Message(
                "no face was found in {file}: show the whole face from the front, upright and with "
                "enough light",
                file=name,
            )
        )
    path = pose_of_every_frame(poses, between=between, num_frames=num_frames, fps=rate)
    frames = zip(_read(source, shown_fps), path, strict=True)
    crops = [crop_mouth(frame, pose) for frame, pose in frames]
    points = points_of_speaker(found, poses, placed, between=between)
    landmarks = landmarks_of_every_frame(points, path, fps=rate)
    clip = MouthClip(frames=np.stack(crops), fps=rate, landmarks=landmarks)
    gap_start, gap_length = _longest_gap(poses)
    return clip, assess(
        clip,
        mouth_side_px=float(np.median([pose.side_px for pose in path])),
        face_fraction=sum(pose is not None for pose in poses) / len(poses),
        gap_seconds=(gap_start * between / rate, gap_length * between / rate),
        several_faces_fraction=sum(len(faces) > 1 for faces in found) / len(found),
        out_of_frame_fraction=fraction_out_of_frame(path, *np.array(sizes).T),
        num_lost_frames=losses.num_lost,
    )


def read_crops(path: Path | str, *, fps: float | None = None) -> MouthClip:
    """Read ready-made crops of a mouth.

    Each crop is resized to 88×88 px without changing its proportions; its edge is repeated in what
    is left.

    Args:
        path: A folder of images, a zip of images or a video of a mouth, gray or in color.
        fps: Frames per second; None takes the video's own, and 25 for images.

    Raises:
        UserError: Nothing can be read, or an image is broken.
    """
    path = Path(path)
    if path.is_dir():
        frames, own_fps = read_folder(path), MODEL_FPS
    elif path.suffix.lower() == ".zip":
        frames, own_fps = read_zip(path), MODEL_FPS
    else:
        own_fps = probe(path).fps
        frames = np.stack([fit_crop(Image.fromarray(frame)) for frame in read_frames(path)])
    return MouthClip(frames=frames, fps=own_fps if fps is None else fps)


def _read(
    source: Path | str | np.ndarray, fps: float | None, report: ReadReport | None = None
) -> Iterable[UInt8[np.ndarray, "height width 3"]]:
    """Iterate over the frames as RGB; those of a video by time, without its stalls."""
    if isinstance(source, np.ndarray):
        return _as_rgb(source)
    fps = None if os.path.isdir(source) else fps
    frames = read_timed_frames(source, fps=fps, report=report, usual_fps=fps)
    return (frame.pixels for frame in frames)


def _as_rgb(frames: np.ndarray) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    for frame in frames:
        yield frame if frame.ndim == 3 else repeat(frame, "h w -> h w rgb", rgb=3)


def _require_frames(frames: np.ndarray) -> None:
    is_rgb = frames.ndim == 4 and frames.shape[3] == 3
    if frames.dtype != np.uint8 or not (is_rgb or frames.ndim == 3) or 0 in frames.shape:
        raise UserError(
            "expected frames as uint8 (time, height, width, 3) or gray (time, height, width), "
            f"got {frames.dtype} {tuple(frames.shape)}"
        )


def _longest_gap(poses: Sequence[MouthPose | None]) -> tuple[int, int]:
    """Start and length of the longest run without a pose; (0, 0) where there is none."""
    runs: np.ndarray = np.asarray(label([pose is None for pose in poses])[0])  # type: ignore[index]
    lengths = np.bincount(runs)[1:]
    if not len(lengths):
        return 0, 0
    longest = int(lengths.argmax())
    return int(np.flatnonzero(runs == longest + 1)[0]), int(lengths[longest])
