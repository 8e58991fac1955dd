"""The fidelity of a video to its reference: squared error, PSNR, SSIM, and the error E of INR-V.

Videos are uint8 in [0, 255], and every function returns one score for each clip. It processes a few
frames at a time, so that a batch never needs more than some 100 MB beyond itself.
"""

import dataclasses
import math
from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from videospace.runtime.errors import UserError

IDENTICAL_PSNR_DB = 100.0
"""Limit of a clip's PSNR in a mean: a perfect clip has no finite PSNR."""

_BLOCK_VALUES = 2**20


def mean_squared_error(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
    mask: Bool[Tensor, "clip time height width"] | None = None,
) -> Float[Tensor, " clip"]:
    """Mean squared difference of a clip's values, summed exactly.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips.
        mask: The pixels that count; None for all.

    Returns:
        In squared gray levels, [0, 65025]; nan for a clip whose mask is empty.

    Raises:
        UserError: The shapes differ.

    Example:
        >>> black = torch.zeros(1, 2, 4, 4, 3, dtype=torch.uint8)
        >>> mean_squared_error(black + 3, black)
        tensor([9.])
    """
    require_same_shape(video, reference)
    errors = torch.empty(len(video), device=video.device)
    for clip in range(len(video)):
        total, count = torch.zeros(2, dtype=torch.int64, device=video.device)
        for block in frame_blocks(video):
            squared = (video[clip, block].int() - reference[clip, block].int()).square()
            if mask is None:
                count += squared.numel()
            else:
                squared *= mask[clip, block, ..., None]
                count += 3 * torch.count_nonzero(mask[clip, block])
            total += squared.sum()
        errors[clip] = total / count
    return errors


def psnr_db(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
    mask: Bool[Tensor, "clip time height width"] | None = None,
) -> Float[Tensor, " clip"]:
    """Peak signal-to-noise ratio of each clip, over all its values at once, with a peak of 255.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips.
        mask: The pixels that count; None for all.

    Returns:
        In dB; inf for a clip equal to its reference, nan for a clip whose mask is empty.

    Raises:
        UserError: The shapes differ.

    Example:
        >>> black = torch.zeros(1, 2, 4, 4, 3, dtype=torch.uint8)
        >>> psnr_db(black + 255, black), psnr_db(black, black)
        (tensor([0.]), tensor([inf]))
    """
    return _psnr_of_squared_error(mean_squared_error(video, reference, mask))


def root_mean_square_error(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
) -> Float[Tensor, " clip"]:
    """The error E of Eq. 3.6, for each clip: the root of the mean squared difference.

    The equation takes the mean over the clips *below* the root, so the E of a set is the root mean
    square of these scores, not their mean; :meth:`Fidelity.means` does that.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips.

    Returns:
        In gray levels, [0, 255].

    Raises:
        UserError: The shapes differ.

    Example:
        >>> black = torch.zeros(1, 2, 4, 4, 3, dtype=torch.uint8)
        >>> root_mean_square_error(black + 3, black)
        tensor([3.])

    Source: the thesis on INR-V, Eq. 3.6 and Table 3.1, which divides by height × width × time and
    leaves open what becomes of the three channels. Their mean is taken here: their sum would put
    E at 6.8 or more for SkyTimelapse at its 36.19 dB, and 4.69 is printed. Four of the eight
    printed values of E are still lower than the PSNR beside them allows, so the printed E cannot
    be compared with.
    """
    return mean_squared_error(video, reference).sqrt()


def ssim(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
) -> Float[Tensor, " clip"]:
    """Structural similarity, frame by frame on each RGB channel, averaged over the clip.

    A Gaussian window of 11×11 pixels (σ = 1.5) slides over the positions where it fits entirely;
    K₁ = 0.01, K₂ = 0.03. A frame lower or narrower than 11 pixels shortens the window to its own
    height or width.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips.

    Returns:
        In [-1, 1]; 1 for a clip equal to its reference.

    Raises:
        UserError: The shapes differ.

    Example:
        >>> black = torch.zeros(1, 2, 16, 16, 3, dtype=torch.uint8)
        >>> ssim(black, black)
        tensor([1.])

    Source: Wang, Bovik, Sheikh and Simoncelli (2004), "Image quality assessment: from error
    visibility to structural similarity", section III.
    """
    require_same_shape(video, reference)
    similarity = torch.zeros(len(video), device=video.device)
    for clip in range(len(video)):
        for block in frame_blocks(video):
            maps = ssim_map(video[clip, block].float(), reference[clip, block].float())
            similarity[clip] += maps.mean(dim=(1, 2, 3)).sum()
    return similarity / video.shape[1]


def moving_pixels(
    reference: UInt8[Tensor, "clip time height width 3"], threshold: float | int = 0.06
) -> Bool[Tensor, "clip time height width"]:
    """Mark the pixels whose gray value changes over time.

    If most of a picture stands still, PSNR over all pixels says little about the motion; PSNR over
    these pixels does.

    Args:
        reference: The true clips, in [0, 255].
        threshold: Standard deviation over time of the gray value (mean of R, G and B, taken to
            [-1, 1]) above which a pixel counts as moving; 0.06 is 7.65 gray levels of 255.

    Returns:
        The same pixels for every time step of a clip.

    Example:
        >>> clip = torch.zeros(1, 2, 1, 2, 3, dtype=torch.uint8)
        >>> clip[0, 1, 0, 0] = 255
        >>> moving_pixels(clip)[0, 0].tolist()
        [[True, False]]
    """
    num_clips, num_frames, height, width, _ = reference.shape
    rows_per_block = max(1, _BLOCK_VALUES // max(1, num_frames * width * 3))
    moving = torch.empty(num_clips, height, width, dtype=torch.bool, device=reference.device)
    for clip in range(num_clips):
        for top in range(0, height, rows_per_block):
            rows = slice(top, top + rows_per_block)
            gray = reference[clip, :, rows].float().mean(dim=-1) / 127.5
            moving[clip, rows] = gray.std(dim=0, correction=0) > threshold
    return moving[:, None].expand(-1, num_frames, -1, -1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fidelity:
    """The fidelity of clips to their references."""

    psnr_db: Float[Tensor, " clip"]
    """PSNR over all pixels; inf for a perfect clip."""
    psnr_moving_db: Float[Tensor, " clip"]
    """PSNR over the pixels that move in the reference; nan for a clip in which none does."""
    ssim: Float[Tensor, " clip"]
    """Structural similarity."""
    root_mean_square_error: Float[Tensor, " clip"]
    """Error E of Eq. 3.6, in gray levels of [0, 255]."""

    def means(self) -> dict[str, float | None]:
        """The mean of each score over all clips, by name.

        PSNRs are limited to 100 dB, so that a perfect clip does not make a mean infinite. Clips
        without moving pixels are left out of the PSNR over moving pixels. The error E is the root
        of the mean square, as in Eq. 3.6. None stands for a mean over no clip.
        """
        pooled = mean_or_none(self.root_mean_square_error.square())
        return {
            "psnr_db": mean_or_none(self.psnr_db.clamp(max=IDENTICAL_PSNR_DB)),
            "psnr_moving_db": mean_or_none(self.psnr_moving_db.clamp(max=IDENTICAL_PSNR_DB)),
            "ssim": mean_or_none(self.ssim),
            "root_mean_square_error": None if pooled is None else math.sqrt(pooled),
        }


def fidelity(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
) -> Fidelity:
    """Score clips against their references: PSNR, PSNR of moving pixels, SSIM and the error E.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips, of the same shape.

    Returns:
        Each score for each clip.

    Raises:
        UserError: The shapes differ.

    Example:
        >>> black = torch.zeros(1, 2, 16, 16, 3, dtype=torch.uint8)
        >>> scores = fidelity(black + 51, black).means()
        >>> round(scores["psnr_db"], 2), scores["psnr_moving_db"]
        (13.98, None)
    """
    squared_error = mean_squared_error(video, reference)
    return Fidelity(
        psnr_db=_psnr_of_squared_error(squared_error),
        psnr_moving_db=psnr_db(video, reference, moving_pixels(reference)),
        ssim=ssim(video, reference),
        root_mean_square_error=squared_error.sqrt(),
    )


def _psnr_of_squared_error(squared_error: Float[Tensor, " clip"]) -> Float[Tensor, " clip"]:
    return 10 * torch.log10(255**2 / squared_error)


def mean_or_none(values: Float[Tensor, " clip"]) -> float | None:
    """The mean of all values that are not nan; None if there is none."""
    values = values[~values.isnan()]
    return float(values.mean()) if len(values) else None


def require_same_shape(video: Tensor, reference: Tensor) -> None:
    """Refuse clips that cannot be compared pixel by pixel.

    Raises:
        UserError: The shapes differ.
    """
    if video.shape != reference.shape:
        raise UserError(
            f"expected clips of the reference's shape {tuple(reference.shape)}, "
            f"got {tuple(video.shape)}: render at the size and length of the reference"
        )


def frame_blocks(video: UInt8[Tensor, "clip time height width 3"]) -> Iterator[slice]:
    """Slices of the time axis that are small enough for float copies."""
    _, num_frames, height, width, _ = video.shape
    step = max(1, _BLOCK_VALUES // max(1, height * width * 3))
    for start in range(0, num_frames, step):
        yield slice(start, start + step)


def ssim_map(
    x: Float[Tensor, "frame height width 3"], y: Float[Tensor, "frame height width 3"]
) -> Float[Tensor, "frame top left 3"]:
    """Eq. 13 of Wang et al., with their Gaussian-weighted means, variances and covariance."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = _gaussian_mean(x), _gaussian_mean(y)
    variances = _gaussian_mean(x.square() + y.square()) - mean_x.square() - mean_y.square()
    covariance = _gaussian_mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x.square() + mean_y.square() + c1)
    return luminance * (2 * covariance + c2) / (variances + c2)


def _gaussian_mean(
    frames: Float[Tensor, "frame height width 3"],
) -> Float[Tensor, "frame top left 3"]:
    """The weighted mean under the window, at the positions where it fits.

    Departs: it adds shifted slices instead of convolving. A convolution is slower on a CPU and, on
    a GPU that rounds to TF32, too coarse for the difference of two squares.
    """
    for axis in (1, 2):
        taps = min(11, frames.shape[axis])
        offsets = torch.arange(taps) - (taps - 1) / 2
        weights = torch.exp(-offsets.square() / (2 * 1.5**2))
        weights = (weights / weights.sum()).tolist()
        num_positions = frames.shape[axis] - taps + 1
        mean = frames.narrow(axis, 0, num_positions) * weights[0]
        for tap in range(1, taps):
            mean.add_(frames.narrow(axis, tap, num_positions), alpha=weights[tap])
        frames = mean
    return frames
