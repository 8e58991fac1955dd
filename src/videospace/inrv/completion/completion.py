"""Completing whole videos: contexts, inversion and render, for any length."""

import operator
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import UInt8

from videospace.inrv.completion.back_projection import with_seen_detail
from videospace.inrv.completion.windows import Window, cross_faded
from videospace.inrv.inversion.contexts import Context, common_size
from videospace.inrv.inversion.inversion import Inversion, InversionConfig, Keep, invert
from videospace.inrv.inversion.masks import Frame, ObservedOf, masked_clip
from videospace.inrv.rendering.renderer import check_size
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError
from videospace.runtime.progress import Progress

WINDOWS_AT_ONCE = 8
"""Windows of a long video that are inverted together, at most; four take a third longer each."""

WINDOW_BYTES = 256 << 20
"""Memory for the renders of such windows, of which there is at least one."""


def complete_clips(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    size: tuple[int, int] | None = None,
    num_frames: int | None = None,
    keep_detail: bool = False,
    progress: Progress = False,
) -> tuple[UInt8[np.ndarray, "answer time height width 3"], Inversion]:
    """Invert contexts and render what was found.

    Args:
        space: It is left as it is.
        contexts: What is known of some clips, all of one size.
        config: How to look.
        size: Height and width of the render in px; None: as the space was trained.
        num_frames: Frames of the render; None: as many as the contexts have.
        keep_detail: Keep observed pixels as they are, and carry what the render misses of them
            through time (:func:`videospace.inrv.completion.back_projection.with_seen_detail`).
        progress: Of the inversion, as in :func:`videospace.inrv.inversion.inversion.invert`.

    Returns:
        ``config.samples`` videos for each context, and the inversion.

    Raises:
        UserError: No contexts, contexts of several sizes, a render without pixels, a search that
            ran away, or detail that is to be kept in another number of frames.
    """
    num_seen = common_size(contexts)[0]
    num_frames = num_seen if num_frames is None else num_frames
    if keep_detail and num_frames != num_seen:
        raise UserError(
            f"expected a render of the {num_seen} frames that were seen, to keep their detail, "
            f"got {num_frames} frames"
        )
    height, width = size or (space.clip.height, space.clip.width)
    check_size((num_frames, height, width))
    found = invert(space, contexts, config, progress=progress)
    videos = _rendered(space, found, (num_frames, height, width))
    if keep_detail:
        num_samples = len(videos) // len(contexts)
        for index, video in enumerate(videos):
            videos[index] = with_seen_detail(video, contexts[index // num_samples])
    return videos, found


def require_finite(found: Inversion) -> None:
    """Refuse an inversion whose search has run away.

    Raises:
        UserError: A latent or a refined weight is NaN or infinite.
    """
    tensors = [found.latents, *(part for layer in found.weight_offsets or [] for part in layer)]
    if not all(bool(tensor.isfinite().all()) for tensor in tensors):
        raise UserError(
            "the search ran away to numbers that are not finite: expected a lower learning_rate, "
            "or refine_learning_rate where weights are refined"
        )


def _rendered(
    space: VideoSpace, found: Inversion, size: tuple[int, int, int]
) -> UInt8[np.ndarray, "answer time height width 3"]:
    """The videos of what was found."""
    require_finite(found)
    num_frames, height, width = size
    frames = space.render_frames(
        found.latents,
        height=height,
        width=width,
        num_frames=num_frames,
        weight_offsets=found.weight_offsets,
    )
    videos = np.empty((len(found.latents), num_frames, height, width, 3), np.uint8)
    for time, frame in enumerate(frames):
        videos[:, time] = frame
    return videos


def complete_video(
    space: VideoSpace,
    frames: Iterator[Frame],
    observed_of: ObservedOf,
    config: InversionConfig | None = None,
    *,
    size: tuple[int, int] | None = None,
    overlap: int | None = None,
    keep_detail: bool = False,
    keep: Keep = operator.call,
) -> Iterator[Frame]:
    """Complete a video of any length, in windows of the space's length that fade into each other.

    Args:
        space: It is left as it is.
        frames: Of one size, read one at a time.
        observed_of: What is known of each frame.
        config: How to look; one sample.
        size: Height and width of the result in px; None: as the space was trained.
        overlap: Frames that neighboring windows share; None: a fifth of a window.
        keep_detail: As in :func:`complete_clips`.
        keep: As in :func:`videospace.inrv.inversion.inversion.invert`.

    Yields:
        As many frames as came.

    Raises:
        UserError: Several samples are asked for, or a window of which nothing is known.
    """
    config = config or InversionConfig()
    if config.samples > 1:
        raise UserError("several samples fit one clip only: cut the video, or ask for one sample")
    length = space.clip.num_frames
    frame_size = size or (space.clip.height, space.clip.width)
    check_size((length, *frame_size))
    overlap = length // 5 if overlap is None else overlap

    def complete(windows: Sequence[Window]) -> list[np.ndarray]:
        contexts = [
            masked_clip(window.frames, window.num_real, observed_of, window.start)
            for window in windows
        ]
        found = invert(space, contexts, config, keep=keep)
        videos = _rendered(space, found, (length, *frame_size))
        if not keep_detail:
            return list(videos)
        return [with_seen_detail(*pair) for pair in zip(videos, contexts, strict=True)]

    room = WINDOW_BYTES // (length * frame_size[0] * frame_size[1] * 3)
    at_once = min(WINDOWS_AT_ONCE, max(1, room))
    yield from cross_faded(frames, length, overlap, complete, at_once)
