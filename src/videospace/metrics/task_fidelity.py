"""The fidelity of completed videos: to their context, and to the truth beyond it.

A context is the observed part of a clip: a video and a mask of its observed pixels. If the context
is coarser than the completed video, each of its pixels stands for the mean of the finer pixels that
it covers. All scores are per clip, for a batch of clips of one size.

PSNR and SSIM have four regions: all pixels, the pixels that move in the truth (``moving``), the
pixels that the context does not show (``unobserved``), and those that are both. Context-L1 is an
error on observed pixels; it has two regions, all of them and those that move.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.metrics.fidelity import (
    IDENTICAL_PSNR_DB,
    frame_blocks,
    mean_or_none,
    moving_pixels,
    psnr_db,
    require_same_shape,
    ssim_map,
)
from videospace.runtime.errors import UserError


def context_l1(
    video: UInt8[Tensor, "clip time height width 3"],
    context_video: UInt8[Tensor, "clip context_time context_height context_width 3"],
    observed: Bool[Tensor, "clip context_time context_height context_width"],
) -> Float[Tensor, " clip"]:
    """Context-L1: mean absolute difference on the observed pixels, on a scale of 0 to 100.

    A video finer than its context is first box-filtered to the size of the context, as
    :func:`videospace.inrv.inversion.tasks.downsample` does, so that the clip from which a coarse
    context was made scores 0.

    Args:
        video: The completed clips, in [0, 255].
        context_video: The context's video, in [0, 255], at the size of ``video`` or coarser.
        observed: True for the observed pixels.

    Returns:
        In [0, 100], where 0 is a perfect inversion and 100 is white instead of black; nan for a
        clip without observed pixels.

    Raises:
        UserError: The context has other clips or frames, or is finer than the video.

    Example:
        >>> video = torch.full((1, 2, 4, 4, 3), 51, dtype=torch.uint8)
        >>> observed = torch.tensor([True, False]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
        >>> context_l1(video, torch.zeros_like(video), observed)
        tensor([20.])

    Source: the thesis on INR-V, section 3.4.3.3 and Table 3.6; the paper, section 5.3, has the
    scale.
    """
    _require_context(video, context_video, observed)
    errors = torch.empty(len(video), device=video.device)
    for clip in range(len(video)):
        total, count = torch.zeros(2, dtype=torch.int64, device=video.device)
        for block in frame_blocks(video):
            mask = observed[clip, block]
            context = context_video[clip, block]
            difference = (_at_size_of(context, video[clip, block]).int() - context.int()).abs()
            total += (difference * mask[..., None]).sum()
            count += 3 * torch.count_nonzero(mask)
        errors[clip] = total * (100 / 255) / count
    return errors


def unobserved_pixels(
    observed: Bool[Tensor, "clip time context_height context_width"], size: tuple[int, int]
) -> Bool[Tensor, "clip time height width"]:
    """Mark the pixels of a video that its context does not show.

    Args:
        observed: True for the observed pixels.
        size: Height and width of the video in px.

    Returns:
        A mask at the size of the video. If the context is coarser, a pixel is observed if the
        coarse pixel that covers its center is.

    Example:
        >>> observed = torch.tensor([True, False]).view(1, 1, 1, 2)
        >>> unobserved_pixels(observed, (1, 4))[0, 0].tolist()
        [[False, False, True, True]]
    """
    rows, columns = (
        (2 * torch.arange(length, device=observed.device) + 1) * context_length // (2 * length)
        for length, context_length in zip(size, observed.shape[2:], strict=True)
    )
    return ~observed[:, :, rows[:, None], columns]


def ssim_of_regions(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
    regions: Sequence[Bool[Tensor, "clip time height width"]],
) -> Float[Tensor, "region clip"]:
    """Structural similarity within regions of the clips.

    A window belongs to the region of its central pixel, so windows at the border of a region reach
    beyond it. Pixels closer to the frame's edge than half a window have no window. For the region
    of all pixels this is :func:`videospace.metrics.fidelity.ssim`.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips.
        regions: The pixels of each region.

    Returns:
        In [-1, 1] for each region and clip; nan for a region that contains no center of a window.

    Raises:
        UserError: The shapes differ.

    Example:
        >>> truth = torch.zeros(1, 1, 12, 40, 3, dtype=torch.uint8)
        >>> guess = truth.clone()
        >>> guess[..., 20:, :] = 255
        >>> left, right = (torch.arange(40).expand(1, 1, 12, 40) // 14 == part for part in (0, 2))
        >>> ssim_of_regions(guess, truth, [left, right]).round(decimals=2).tolist()
        [[1.0], [0.0]]

    Source: Wang, Bovik, Sheikh and Simoncelli (2004), Eq. 13, for the similarity of a window.
    """
    require_same_shape(video, reference)
    similarity = torch.empty(len(regions), len(video), device=video.device)
    for clip in range(len(video)):
        total, count = torch.zeros(2, len(regions), dtype=torch.float64, device=video.device)
        for block in frame_blocks(video):
            maps = ssim_map(video[clip, block].float(), reference[clip, block].float())
            windows = maps.mean(dim=3)
            for index, region in enumerate(regions):
                centers = _window_centers(region[clip, block], windows.shape[1:])
                total[index] += (windows * centers).sum()
                count[index] += torch.count_nonzero(centers)
        similarity[:, clip] = total / count
    return similarity


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskFidelity:
    """The scores of completed clips."""

    psnr_db: Float[Tensor, " clip"]
    """PSNR over all pixels; inf for a perfect clip."""
    psnr_moving_db: Float[Tensor, " clip"]
    """PSNR over the pixels that move in the reference; nan for a clip in which none does."""
    psnr_unobserved_db: Float[Tensor, " clip"]
    """PSNR over the pixels that the context does not show; nan where it shows all."""
    psnr_unobserved_moving_db: Float[Tensor, " clip"]
    """PSNR over those of them that move; nan where there is none."""
    ssim: Float[Tensor, " clip"]
    """Structural similarity."""
    ssim_moving: Float[Tensor, " clip"]
    """Structural similarity around the pixels that move; nan where none does."""
    ssim_unobserved: Float[Tensor, " clip"]
    """Structural similarity around the pixels that the context does not show; nan where it shows
    all."""
    ssim_unobserved_moving: Float[Tensor, " clip"]
    """Structural similarity around those of them that move; nan where there is none."""
    context_l1: Float[Tensor, " clip"]
    """Mean absolute difference on the observed pixels, in [0, 100]."""
    context_l1_moving: Float[Tensor, " clip"]
    """The same on those of them that move, at the size of the context; nan where none does."""

    def per_clip(self) -> dict[str, Float[Tensor, " clip"]]:
        """The scores of each clip by name, ready to be averaged.

        PSNRs are limited to 100 dB, so that a perfect clip does not make a mean infinite. A clip
        without a score keeps nan.
        """
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: value.clamp(max=IDENTICAL_PSNR_DB) if name.endswith("_db") else value
            for name, value in values.items()
        }

    def means(self) -> dict[str, float | None]:
        """The mean of each score over all clips, by name.

        PSNRs are limited to 100 dB, and clips without a score are left out. None stands for a mean
        over no clip.
        """
        return {name: mean_or_none(values) for name, values in self.per_clip().items()}


def task_fidelity(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
    context_video: UInt8[Tensor, "clip context_time context_height context_width 3"],
    observed: Bool[Tensor, "clip context_time context_height context_width"],
) -> TaskFidelity:
    """Score completed clips against the truth and against their contexts.

    Args:
        video: The completed clips, in [0, 255].
        reference: The true clips.
        context_video: The contexts' videos, at the size of ``video`` or coarser.
        observed: True for the observed pixels.

    Returns:
        Each score for each clip.

    Raises:
        UserError: The shapes do not fit together.

    Example:
        >>> truth = torch.zeros(1, 2, 16, 16, 3, dtype=torch.uint8)
        >>> observed = torch.tensor([True, False]).view(1, 2, 1, 1).expand(1, 2, 16, 16)
        >>> guess = truth.clone()
        >>> guess[:, 1] = 51
        >>> scores = task_fidelity(guess, truth, truth, observed).means()
        >>> round(scores["psnr_unobserved_db"], 2), scores["context_l1"]
        (13.98, 0.0)
    """
    require_same_shape(video, reference)
    _require_context(video, context_video, observed)
    moving = moving_pixels(reference)
    unobserved = unobserved_pixels(observed, (video.shape[2], video.shape[3]))
    everywhere = torch.ones((), dtype=torch.bool, device=video.device).expand(video.shape[:4])
    regions = {
        "": everywhere,
        "_moving": moving,
        "_unobserved": unobserved,
        "_unobserved_moving": unobserved & moving,
    }
    similarities = ssim_of_regions(video, reference, list(regions.values()))
    moving_observed = observed & _moving_at_size_of(context_video, reference)
    return TaskFidelity(
        **{f"psnr{name}_db": psnr_db(video, reference, mask) for name, mask in regions.items()},
        **{f"ssim{name}": values for name, values in zip(regions, similarities, strict=True)},
        context_l1=context_l1(video, context_video, observed),
        context_l1_moving=context_l1(video, context_video, moving_observed),
    )


def _window_centers(
    region: Bool[Tensor, "frame height width"], positions: Sequence[int]
) -> Bool[Tensor, "frame top left"]:
    """The region at the centers of the windows; ``positions`` counts them along each axis."""
    for axis, num_positions in zip((1, 2), positions, strict=True):
        first = (region.shape[axis] - num_positions) // 2
        region = region.narrow(axis, first, num_positions)
    return region


def _moving_at_size_of(
    context_video: UInt8[Tensor, "clip time context_height context_width 3"],
    reference: UInt8[Tensor, "clip time height width 3"],
) -> Bool[Tensor, "clip time context_height context_width"]:
    """The pixels that move in the reference at the size of the context."""
    if context_video.shape == reference.shape:
        return moving_pixels(reference)
    pairs = zip(context_video, reference, strict=True)
    return moving_pixels(torch.stack([_at_size_of(context, true) for context, true in pairs]))


def _at_size_of(
    context: UInt8[Tensor, "time context_height context_width 3"],
    frames: UInt8[Tensor, "time height width 3"],
) -> UInt8[Tensor, "time context_height context_width 3"]:
    """The frames, box-filtered to the size of the context."""
    if frames.shape == context.shape:
        return frames
    size, whole = (context.shape[1], context.shape[2]), (0, 0, frames.shape[1], frames.shape[2])
    coarse = [crop_and_resize(frame, size, whole) for frame in frames.cpu().numpy()]
    return torch.from_numpy(np.stack(coarse)).to(frames.device)


def _require_context(video: Tensor, context_video: Tensor, observed: Tensor) -> None:
    if observed.shape != context_video.shape[:-1]:
        raise UserError(
            f"expected a mask of the context's shape {tuple(context_video.shape[:-1])}, "
            f"got {tuple(observed.shape)}"
        )
    if context_video.shape[:2] != video.shape[:2]:
        raise UserError(
            f"expected a context of {video.shape[0]} clips of {video.shape[1]} frames, "
            f"got {context_video.shape[0]} of {context_video.shape[1]}: "
            "render as many frames as the context has"
        )
    height, width = video.shape[2:4]
    context_height, context_width = context_video.shape[2:4]
    if context_height > height or context_width > width:
        raise UserError(
            f"expected a context no finer than the video of {height}x{width} px, "
            f"got {context_height}x{context_width} px: render at the size of the context or more"
        )
