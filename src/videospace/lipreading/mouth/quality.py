"""The quality of a recording: measurements, and advice for the person with the camera."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import laplace

from videospace.lipreading.mouth.endpoints import find_movement
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.runtime.messages import Message

FEWEST_FRAMES = 5
LONGEST_SECONDS = 10.0
LOWEST_FPS = 15.0
LONGEST_GAP_SECONDS = 0.3
SMALLEST_MOUTH_PX = 28
"""Below this size, the crop magnifies the mouth more than threefold."""
LIGHT_FPS = 5.0
"""How often light and sharpness are measured, per second."""
DARKEST, BRIGHTEST = 0.12, 0.88
DIM = 0.3
"""Mean gray level below which a camera may need longer for a picture."""
LEAST_CONTRAST = 0.03
LEAST_SHARPNESS = 0.11
"""Sharp faces of 70 px have 0.2 and more, and 0.1 once they are blurred by 1.5 px."""
MOST_FRAMES_AFFECTED = 0.1


@dataclasses.dataclass(frozen=True, kw_only=True)
class QualityReport:
    """Measurements of one recording; :attr:`problems` says what to improve."""

    num_frames: int
    """Frames that could be read."""
    num_lost_frames: int = 0
    """Further frames that the file should have, but that are damaged or cut off."""
    fps: float
    """Frames per second."""
    face_fraction: float = 1.0
    """Fraction of the searched frames that show the face, in [0, 1]; 1 for ready-made crops."""
    longest_gap_seconds: float = 0.0
    """The longest time without the face."""
    longest_gap_start_seconds: float = 0.0
    """Its start."""
    several_faces_fraction: float = 0.0
    """Fraction of the searched frames that show more than one face, in [0, 1]."""
    mouth_side_px: float
    """Side of the mouth's square in the source; more than 88 px improves nothing."""
    out_of_frame_fraction: float = 0.0
    """Fraction of the frames in which the lips are partly outside the picture, in [0, 1]."""
    brightness: float
    """Mean gray level around the mouth, from 0 (black) to 1 (white)."""
    contrast: float
    """Standard deviation of the gray levels in a frame, over the whole range."""
    sharpness: float
    """Contrast of the finest details over the whole contrast; 0.2 and more is sharp."""
    movement_start_seconds: float | None
    """When the lips begin to move; None where they never move."""
    movement_end_seconds: float | None
    """When they come to rest."""

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.num_frames / self.fps

    @property
    def problems(self) -> list[str]:
        """Advice on what to improve, in plain words; empty for a good recording."""
        return [text for is_so, text in _judgements(self) if is_so]


def assess(
    clip: MouthClip,
    *,
    mouth_side_px: float,
    face_fraction: float = 1.0,
    gap_seconds: tuple[float, float] = (0.0, 0.0),
    several_faces_fraction: float = 0.0,
    out_of_frame_fraction: float = 0.0,
    num_lost_frames: int = 0,
) -> QualityReport:
    """Measure a clip, and add what was measured while it was read.

    Args:
        clip: The crops.
        mouth_side_px: Side of the mouth's square in the source.
        face_fraction: Fraction of the searched frames that show the face.
        gap_seconds: Start and length of the longest time without the face.
        several_faces_fraction: Fraction of the searched frames that show more than one face.
        out_of_frame_fraction: Fraction of the frames in which the lips leave the picture.
        num_lost_frames: Frames that could not be read.

    Example:
        >>> clip = MouthClip(frames=np.zeros((40, 88, 88), np.uint8), fps=25.0)
        >>> for problem in assess(clip, mouth_side_px=100.0).problems:
        ...     print(problem)
        it is too dark: turn on a light in front of the face
        the lips do not move: was a word mouthed?
    """
    movement = find_movement(clip)
    sampled = clip.at_fps(min(clip.fps, LIGHT_FPS)).frames
    levels = sampled.reshape(len(sampled), -1) / np.float32(255)
    return QualityReport(
        num_frames=len(clip.frames),
        num_lost_frames=num_lost_frames,
        fps=clip.fps,
        face_fraction=face_fraction,
        longest_gap_start_seconds=gap_seconds[0],
        longest_gap_seconds=gap_seconds[1],
        several_faces_fraction=several_faces_fraction,
        mouth_side_px=mouth_side_px,
        out_of_frame_fraction=out_of_frame_fraction,
        brightness=float(levels.mean()),
        contrast=float(np.median(levels.std(axis=1))),
        sharpness=sharpness(sampled),
        movement_start_seconds=None if movement is None else movement.start_frame / clip.fps,
        movement_end_seconds=None if movement is None else movement.end_frame / clip.fps,
    )


def sharpness(frames: UInt8[np.ndarray, "time 88 88"]) -> float:
    """Measure how much of the contrast is in the finest details; the median over the frames.

    Returns:
        Standard deviation of the Laplacian over that of the gray levels; 0 for a plain picture,
        √20 for noise.

    Example:
        >>> noise = np.random.default_rng(0).integers(0, 256, (3, 88, 88), dtype=np.uint8)
        >>> round(sharpness(noise), 1)
        4.5
    """
    details = [laplace(frame.astype(np.float32))[1:-1, 1:-1].std() for frame in frames]
    overall = frames.std(axis=(1, 2))
    ratio = np.divide(details, overall, out=np.zeros(len(frames)), where=overall > 0)
    return float(np.median(ratio))


def fraction_out_of_frame(
    path: Sequence[MouthPose], height: int | np.ndarray, width: int | np.ndarray
) -> float:
    """Fraction of the frames in which the lips, half as wide as their square, leave the picture.

    Args:
        path: The pose in each frame.
        height: Height of the picture in px, of all frames or of each.
        width: Its width.

    Example:
        >>> path = [MouthPose(50, 50, 40, 0.0), MouthPose(50, 95, 40, 0.0)]
        >>> fraction_out_of_frame(path, 100, 100)
        0.5
    """
    poses: Float[np.ndarray, "time 4"] = np.array(path)
    x, y, half = poses[:, 0], poses[:, 1], poses[:, 2] / 4
    outside = (x < half) | (y < half) | (x > width - half) | (y > height - half)
    return float(outside.mean())


def _judgements(report: QualityReport) -> list[tuple[bool, str]]:
    """Every judgment with its advice, which names its own cause and can be followed anywhere.

    A camera gives few frames in dim light, because it exposes each for longer; in good light, few
    frames mean that the device is too busy.
    """
    starts, ends = report.movement_start_seconds, report.movement_end_seconds
    is_dark, is_dim = report.brightness < DARKEST, report.brightness < DIM
    is_slow = report.fps < LOWEST_FPS
    return [
        (
            report.num_lost_frames > 0,
            Message(
                "the video is damaged: {lost} of its {count} pictures are missing; record it again",
                lost=report.num_lost_frames,
                count=report.num_frames + report.num_lost_frames,
            ),
        ),
        (
            report.num_frames < FEWEST_FRAMES,
            Message("the recording is too short: begin before the word and end after it"),
        ),
        (
            report.seconds > LONGEST_SECONDS,
            Message("it lasts {seconds:.0f} s: record one word at a time", seconds=report.seconds),
        ),
        (
            is_slow and is_dim,
            Message(
                "the camera gave only {fps:.0f} pictures a second, as in dim light: "
                "turn on more light",
                fps=report.fps,
            ),
        ),
        (
            is_slow and not is_dim,
            Message(
                "only {fps:.0f} pictures a second arrived: close other programs and pages on "
                "the device with the camera, or use a faster one",
                fps=report.fps,
            ),
        ),
        (
            report.longest_gap_seconds > LONGEST_GAP_SECONDS,
            Message(
                "the face is lost for {seconds:.1f} s, from {start:.1f} s on: keep it in the "
                "picture, towards the camera",
                seconds=report.longest_gap_seconds,
                start=report.longest_gap_start_seconds,
            ),
        ),
        (
            report.several_faces_fraction > MOST_FRAMES_AFFECTED,
            Message("there is more than one face: let only the speaker be in the picture"),
        ),
        (
            report.mouth_side_px < SMALLEST_MOUTH_PX,
            Message("the mouth is small in the picture: come closer"),
        ),
        (
            report.out_of_frame_fraction > MOST_FRAMES_AFFECTED,
            Message(
                "the mouth leaves the picture: move the camera so that the whole face is in it"
            ),
        ),
        (is_dark, Message("it is too dark: turn on a light in front of the face")),
        (
            report.brightness > BRIGHTEST,
            Message("it is too bright: turn the light away from the face"),
        ),
        (
            DARKEST <= report.brightness <= BRIGHTEST and report.contrast < LEAST_CONTRAST,
            Message("the mouth hardly stands out: let light fall on the face from the front"),
        ),
        (
            report.contrast >= LEAST_CONTRAST and report.sharpness < LEAST_SHARPNESS,
            Message("it is blurred: clean the lens, and keep the camera and the head still"),
        ),
        (starts is None, Message("the lips do not move: was a word mouthed?")),
        (
            starts == 0 and ends is not None and ends < report.seconds,
            Message("the word begins at once: keep the lips closed for a moment before it"),
        ),
        (
            starts is not None and starts > 0 and ends == report.seconds,
            Message(
                "the recording ends before the lips rest: close them after the word, "
                "and wait a moment"
            ),
        ),
    ]
