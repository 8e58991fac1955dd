"""A context: what is known of a clip, and which of its pixels count."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8

from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """What is known of one clip.

    The video may be coarser than the clips of a space: then each of its pixels is known as the
    mean of the finer pixels that it covers (see
    :func:`videospace.inrv.inversion.tasks.superresolution`).

    Raises:
        UserError: No pixel is observed, or the shapes do not belong together.

    Example:
        >>> video = np.zeros((4, 6, 8, 3), np.uint8)
        >>> Context(video=video, observed=np.ones((4, 6, 8), bool)).share_observed
        1.0
    """

    video: UInt8[np.ndarray, "time height width 3"]
    """What was seen, in [0, 255]; pixels that were not observed may hold anything."""
    observed: Bool[np.ndarray, "time height width"]
    """True where the video counts."""
    weight: Float[np.ndarray, "time height width"] | None = None
    """How much each observed pixel counts, 0 or more; None: all the same."""

    def __post_init__(self) -> None:
        _require_video(self.video)
        shape = self.video.shape[:3]
        if self.observed.shape != shape:
            raise UserError(
                f"expected a mask of {_words(shape)}, as the video has, "
                f"got one of {_words(self.observed.shape)}"
            )
        if not self.observed.any():
            raise UserError("no pixel is observed: the mask hides the whole video")
        if self.weight is not None:
            if self.weight.shape != shape:
                raise UserError(
                    f"expected weights of {_words(shape)}, as the video has, "
                    f"got {_words(self.weight.shape)}"
                )
            seen = self.weight[self.observed]
            if not np.isfinite(seen).all() or seen.min() < 0 or not seen.any():
                raise UserError("expected finite weights of 0 or more, and not all of them 0")

    @property
    def share_observed(self) -> float:
        """Share of the pixels that are observed, in (0, 1]."""
        return float(self.observed.mean())

    def without(self, hidden: Bool[np.ndarray, "time height width"]) -> "Context":
        """The same context with more pixels hidden, which is how contexts combine.

        Args:
            hidden: True where nothing is to be known any more.

        Example:
            >>> video = np.zeros((4, 2, 2, 3), np.uint8)
            >>> whole = Context(video=video, observed=np.ones((4, 2, 2), bool))
            >>> late = np.arange(4)[:, None, None] >= 1
            >>> whole.without(np.broadcast_to(late, (4, 2, 2))).share_observed
            0.25
        """
        if hidden.shape != self.observed.shape:
            raise UserError(
                f"expected a mask of {_words(self.observed.shape)}, as the video has, "
                f"got one of {_words(hidden.shape)}"
            )
        return dataclasses.replace(self, observed=self.observed & ~hidden)


def common_size(contexts: Sequence[Context]) -> tuple[int, int, int]:
    """Frames, height and width of contexts that are to be worked on together.

    Raises:
        UserError: There is none, or they differ.
    """
    if not contexts:
        raise UserError("expected at least one context, got none")
    sizes = {context.video.shape[:3] for context in contexts}
    if len(sizes) > 1:
        listed = " and ".join(sorted(_words(size) for size in sizes))
        raise UserError(f"expected contexts of one size, got {listed}")
    return sizes.pop()


def _require_video(video: np.ndarray) -> None:
    if video.ndim != 4 or video.shape[3] != 3 or video.dtype != np.uint8:
        raise UserError(
            "expected a video as uint8 (time, height, width, 3), "
            f"got {video.dtype} {tuple(video.shape)}"
        )
    if not video.size:
        raise UserError(f"expected a video with pixels, got {_words(video.shape[:3])}")


def _words(shape: tuple[int, ...]) -> str:
    if len(shape) != 3:
        return f"shape {tuple(shape)}"
    return f"{shape[0]} frames of {shape[1]}x{shape[2]} px"
