"""A context: a video with a mask of the pixels that are observed."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8

from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """The observed pixels of one clip.

    The video may be coarser than the clips of a space. Then each pixel is the mean of the finer
    pixels that it covers (see :func:`videospace.inrv.inversion.tasks.superresolution`).

    Raises:
        UserError: No pixel is observed, or the shapes do not belong together.

    Example:
        >>> video = np.zeros((4, 6, 8, 3), np.uint8)
        >>> Context(video=video, observed=np.ones((4, 6, 8), bool)).observed_fraction
        1.0
    """

    video: UInt8[np.ndarray, "time height width 3"]
    """The clip, in [0, 255]; values of pixels that are not observed are ignored."""
    observed: Bool[np.ndarray, "time height width"]
    """True where a pixel is observed."""
    weight: Float[np.ndarray, "time height width"] | None = None
    """Weight of each observed pixel, at least 0; None weights all pixels equally."""

    def __post_init__(self) -> None:
        _require_video(self.video)
        shape = self.video.shape[:3]
        if self.observed.shape != shape:
            raise UserError(
                f"expected a mask of {_size_text(shape)}, as the video has, "
                f"got one of {_size_text(self.observed.shape)}"
            )
        if not self.observed.any():
            raise UserError("no pixel is observed: the mask hides the whole video")
        if self.weight is not None:
            if self.weight.shape != shape:
                raise UserError(
                    f"expected weights of {_size_text(shape)}, as the video has, "
                    f"got {_size_text(self.weight.shape)}"
                )
            weight = self.weight[self.observed]
            if not np.isfinite(weight).all() or weight.min() < 0 or not weight.any():
                raise UserError("expected finite weights of 0 or more, and not all of them 0")

    def __repr__(self) -> str:
        weighted = "" if self.weight is None else ", weighted"
        return (
            f"Context({len(self.video)} frames of {self.video.shape[1]}x{self.video.shape[2]} px, "
            f"{self.observed_fraction:.1%} observed{weighted})"
        )

    @property
    def observed_fraction(self) -> float:
        """Fraction of the pixels that are observed, in (0, 1]."""
        return float(self.observed.mean())

    def without(self, hidden: Bool[np.ndarray, "time height width"]) -> "Context":
        """Return this context with more pixels hidden.

        Args:
            hidden: True where a pixel is no longer observed.

        Example:
            >>> video = np.zeros((4, 2, 2, 3), np.uint8)
            >>> whole = Context(video=video, observed=np.ones((4, 2, 2), bool))
            >>> late = np.arange(4)[:, None, None] >= 1
            >>> whole.without(np.broadcast_to(late, (4, 2, 2))).observed_fraction
            0.25
        """
        if hidden.shape != self.observed.shape:
            raise UserError(
                f"expected a mask of {_size_text(self.observed.shape)}, as the video has, "
                f"got one of {_size_text(hidden.shape)}"
            )
        return dataclasses.replace(self, observed=self.observed & ~hidden)


def common_size(contexts: Sequence[Context]) -> tuple[int, int, int]:
    """Number of frames, height and width that all contexts have.

    Raises:
        UserError: There is no context, or their sizes differ.
    """
    if not contexts:
        raise UserError("expected at least one context, got none")
    sizes = {context.video.shape[:3] for context in contexts}
    if len(sizes) > 1:
        listed = " and ".join(sorted(_size_text(size) for size in sizes))
        raise UserError(f"expected contexts of one size, got {listed}")
    return sizes.pop()


def _require_video(video: np.ndarray) -> None:
    if video.ndim != 4 or video.shape[3] != 3 or video.dtype != np.uint8:
        raise UserError(
            "expected a video as uint8 (time, height, width, 3), "
            f"got {video.dtype} {tuple(video.shape)}"
        )
    if not video.size:
        raise UserError(f"expected a video with pixels, got {_size_text(video.shape[:3])}")


def _size_text(shape: tuple[int, ...]) -> str:
    if len(shape) != 3:
        return f"shape {tuple(shape)}"
    return f"{shape[0]} frames of {shape[1]}x{shape[2]} px"
