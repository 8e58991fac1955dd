"""Completing clips, and videos of any length: inversion, rendering and back-projection."""

import operator
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import UInt8

from videospace.inrv.completion.back_projection import back_project
from videospace.inrv.completion.windows import Window, cross_faded
from videospace.inrv.inversion.contexts import Context, common_size
from videospace.inrv.inversion.inversion import Inversion, InversionConfig, RunBatch, invert
from videospace.inrv.inversion.masks import Frame, ObservedOf, masked_clip
from videospace.inrv.rendering.renderer import check_size
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError
from videospace.runtime.progress import Progress

WINDOWS_AT_ONCE = 8
"""Most windows of a long video that are inverted together; with four, each takes a third longer."""

WINDOW_BYTES = 256 << 20
"""Memory for the renders of the windows that are inverted together."""


def complete_clips(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    size: tuple[int, int] | None = None,
    num_frames: int | None = None,
    back_projection: bool = False,
    progress: Progress = False,
) -> tuple[UInt8[np.ndarray, "sample time height width 3"], Inversion]:
    """Invert contexts and render the result.

    Args:
        space: The space; it is not changed.
        contexts: The observed pixels of clips of one size.
        config: Options of the inversion; None takes the defaults.
        size: Height and width of the render in px; None takes those of the space's clips.
        num_frames: Frames of the render; None takes the number that the contexts have.
        back_projection: Correct the render so that it agrees with the observed pixels
            (:func:`videospace.inrv.completion.back_projection.back_project`).
        progress: As in :func:`videospace.inrv.inversion.inversion.invert`.

    Returns:
        ``config.samples`` videos for each context, in [0, 255], and the inversion.

    Raises:
        UserError: There are no contexts, they differ in size, the render has no pixels, the
            inversion diverged, or back-projection is requested with another number of frames.
    """
    context_frames = common_size(contexts)[0]
    num_frames = context_frames if num_frames is None else num_frames
    if back_projection and num_frames != context_frames:
        raise UserError(
            f"expected a render of the contexts' {context_frames} frames, which back-projection "
            f"needs, got {num_frames} frames"
        )
    height, width = size or (space.clip.height, space.clip.width)
    check_size((num_frames, height, width))
    found = invert(space, contexts, config, progress=progress)
    videos = _rendered(space, found, (num_frames, height, width))
    if back_projection:
        num_samples = len(videos) // len(contexts)
        for index, video in enumerate(videos):
            videos[index] = back_project(video, contexts[index // num_samples])
    return videos, found


def require_finite(found: Inversion) -> None:
    """Refuse an inversion that diverged.

    Raises:
        UserError: A latent or a refined weight is NaN or infinite.
    """
    tensors = [found.latents, *(part for layer in found.weight_offsets or [] for part in layer)]
    if not all(bool(tensor.isfinite().all()) for tensor in tensors):
        raise UserError(
            "the inversion diverged: expected a lower learning_rate, or a lower "
            "refine_learning_rate if weights are refined"
        )


def _rendered(
    space: VideoSpace, found: Inversion, size: tuple[int, int, int]
) -> UInt8[np.ndarray, "sample time height width 3"]:
    """Render the videos of an inversion."""
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
    back_projection: bool = False,
    run_batch: RunBatch = operator.call,
) -> Iterator[Frame]:
    """Complete a video of any length, in windows of the space's length that fade into each other.

    Args:
        space: The space; it is not changed.
        frames: Frames of one size, read one at a time.
        observed_of: Which pixels of each frame are observed, by the number of the frame.
        config: Options of the inversion, with one sample; None takes the defaults.
        size: Height and width of the result in px; None takes those of the space's clips.
        overlap: Frames that neighboring windows share; None takes a fifth of a window.
        back_projection: As in :func:`complete_clips`.
        run_batch: As in :func:`videospace.inrv.inversion.inversion.invert`.

    Yields:
        As many frames as the video has.

    Raises:
        UserError: Several samples are requested, or nothing is observed in a window.
    """
    config = config or InversionConfig()
    if config.samples > 1:
        raise UserError(
            f"expected 1 sample for a video of any length, got {config.samples}: "
            "cut the video to one clip for several"
        )
    length = space.clip.num_frames
    frame_size = size or (space.clip.height, space.clip.width)
    check_size((length, *frame_size))
    overlap = length // 5 if overlap is None else overlap

    def complete(windows: Sequence[Window]) -> list[np.ndarray]:
        contexts = [
            masked_clip(window.frames, window.num_real, observed_of, window.start)
            for window in windows
        ]
        found = invert(space, contexts, config, run_batch=run_batch)
        videos = _rendered(space, found, (length, *frame_size))
        if not back_projection:
            return list(videos)
        return [back_project(*pair) for pair in zip(videos, contexts, strict=True)]

    num_windows = WINDOW_BYTES // (length * frame_size[0] * frame_size[1] * 3)
    at_once = min(WINDOWS_AT_ONCE, max(1, num_windows))
    yield from cross_faded(frames, length, overlap, complete, at_once)
