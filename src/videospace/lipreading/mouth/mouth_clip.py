"""Mouth clips: the input of every part of the recognizer."""

import dataclasses

import numpy as np
from jaxtyping import Float32, UInt8

from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

MOUTH_SIZE = 88
"""Height and width of a mouth crop in px (thesis 2.3.1)."""

MODEL_FPS = 25.0
"""Frames per second of the clips that encoders and templates are given."""

MAX_LANDMARKS = 64
"""The most points of a frame."""

MAX_SECONDS = 12.0
"""Longest clip of a word; a mouthed word or phrase takes one to three seconds."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class MouthClip:
    """A clip of one mouth: aligned gray crops, frame by frame.

    Raises:
        UserError: The frames are not uint8 (time, 88, 88), there are none, the frame rate is not
            above 0, or the landmarks do not fit.

    Example:
        >>> clip = MouthClip(frames=np.zeros((50, 88, 88), np.uint8), fps=50.0)
        >>> clip.at_fps(25.0).frames.shape
        (25, 88, 88)
    """

    frames: UInt8[np.ndarray, "time height width"]
    """Gray levels in [0, 255], 88×88 px, the mouth in the middle."""
    fps: float
    """Frames per second."""
    landmarks: Float32[np.ndarray, "time point xy=2"] | None = None
    """Points of lips and chin, upright, relative to the nose, in sides of the crop; None where the
    detector finds none (see :mod:`videospace.lipreading.mouth.landmarks`)."""

    def __post_init__(self) -> None:
        if self.frames.dtype != np.uint8 or self.frames.shape[1:] != (MOUTH_SIZE, MOUTH_SIZE):
            raise UserError(
                f"expected mouth crops as uint8 (time, {MOUTH_SIZE}, {MOUTH_SIZE}), "
                f"got {self.frames.dtype} {tuple(self.frames.shape)}"
            )
        if not len(self.frames):
            raise UserError("expected at least one frame of a mouth, got none")
        if not 0 < self.fps < float("inf"):
            raise UserError(f"expected a frame rate above 0, got {self.fps}")
        points = self.landmarks
        if points is not None and (
            points.dtype != np.float32
            or points.ndim != 3
            or (len(points), points.shape[2]) != (len(self.frames), 2)
            or not 0 < points.shape[1] <= MAX_LANDMARKS
            or not np.isfinite(points).all()
        ):
            raise UserError(
                f"expected finite landmarks as float32 ({len(self.frames)}, at most "
                f"{MAX_LANDMARKS}, 2), "
                f"got {points.dtype} {tuple(points.shape)}"
            )

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return len(self.frames) / self.fps

    def require_one_word(self) -> None:
        """Check that the clip is not too long to be a word or a phrase.

        Raises:
            UserError: The clip is longer than 12 seconds.
        """
        if self.seconds > MAX_SECONDS:
            raise UserError(
                Message(
                    "a recording of one word takes at most {most:g} seconds, and this one takes "
                    "{seconds:.0f}: record the word alone",
                    most=MAX_SECONDS,
                    seconds=self.seconds,
                )
            )

    def at_fps(self, fps: float) -> "MouthClip":
        """The same movement at another frame rate.

        Args:
            fps: Frames per second; each new frame is the nearest old one in time.
        """
        num_frames = max(1, round(self.seconds * fps))
        nearest = (np.arange(num_frames) + 0.5) / num_frames * len(self.frames)
        return self._with_frames(nearest.astype(int), fps)

    def part(self, start: int, end: int) -> "MouthClip":
        """Copy some frames.

        Args:
            start: The first frame.
            end: The frame after the last one; frames beyond the clip do not count.
        """
        return self._with_frames(np.arange(len(self.frames))[start:end], self.fps)

    def _with_frames(self, rows: np.ndarray, fps: float) -> "MouthClip":
        landmarks = None if self.landmarks is None else self.landmarks[rows]
        return MouthClip(frames=self.frames[rows], fps=fps, landmarks=landmarks)
