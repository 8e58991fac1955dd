"""Completing whole videos: contexts, inversion and render, for any length."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, UnidentifiedImageError

from videospace.clips.video_input import read_frames
from videospace.inrv.context import Context
from videospace.inrv.inversion import Inversion, InversionConfig, invert
from videospace.inrv.space import VideoSpace
from videospace.inrv.windows import Window, cross_faded
from videospace.runtime.errors import UserError

WINDOWS_AT_ONCE = 4
"""Windows of a long video that are inverted together; their renders are in memory at once."""

Frame = UInt8[np.ndarray, "height width 3"]
FrameMask = Bool[np.ndarray, "height width"]
ObservedOf = Callable[[int], FrameMask]
"""Which pixels of a frame are observed, by the frame's number in its video."""


def complete_clips(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    size: tuple[int, int] | None = None,
    num_frames: int | None = None,
) -> tuple[UInt8[np.ndarray, "answer time height width 3"], Inversion]:
    """Invert contexts and render what was found.

    Args:
        space: It is left as it is.
        contexts: What is known of some clips, all of one size.
        config: How to look.
        size: Height and width of the render in px; None: as the space was trained.
        num_frames: Frames of the render; None: as many as the contexts have.

    Returns:
        ``config.samples`` videos for each context, and the inversion.
    """
    found = invert(space, contexts, config)
    height, width = size or (space.clip.height, space.clip.width)
    num_frames = len(contexts[0].video) if num_frames is None else num_frames
    frames = space.render_frames(
        found.latents, height=height, width=width, num_frames=num_frames, layers=found.layers
    )
    videos = np.empty((len(found.latents), num_frames, height, width, 3), np.uint8)
    for time, frame in enumerate(frames):
        videos[:, time] = frame
    return videos, found


def complete_video(
    space: VideoSpace,
    frames: Iterator[Frame],
    observed_of: ObservedOf,
    config: InversionConfig | None = None,
    *,
    size: tuple[int, int] | None = None,
    overlap: int | None = None,
) -> Iterator[Frame]:
    """Complete a video of any length, in windows of the space's length that fade into each other.

    Args:
        space: It is left as it is.
        frames: Of one size, read one at a time.
        observed_of: What is known of each frame.
        config: How to look; one sample.
        size: Height and width of the result in px; None: as the space was trained.
        overlap: Frames that neighbouring windows share; None: a fifth of a window.

    Yields:
        As many frames as came.

    Raises:
        UserError: Several samples are asked for, or a window of which nothing is known.
    """
    config = config or InversionConfig()
    if config.samples > 1:
        raise UserError("several samples fit one clip only: cut the video, or ask for one sample")
    length = space.clip.num_frames
    overlap = length // 5 if overlap is None else overlap

    def complete(windows: Sequence[Window]) -> list[np.ndarray]:
        contexts = [
            masked_clip(window.frames, window.num_real, observed_of, window.start)
            for window in windows
        ]
        videos, _ = complete_clips(space, contexts, config, size=size)
        return list(videos)

    yield from cross_faded(frames, length, overlap, complete, WINDOWS_AT_ONCE)


def masked_clip(
    frames: UInt8[np.ndarray, "time height width 3"],
    num_real: int,
    observed_of: ObservedOf,
    start: int = 0,
) -> Context:
    """The context of a clip in a longer video.

    Args:
        frames: The clip.
        num_real: Frames that the video has; those after them were made up and are not known.
        observed_of: What is known of each frame.
        start: Number of the clip's first frame in the video.

    Raises:
        UserError: Nothing is known of the clip.
    """
    observed = np.zeros(frames.shape[:3], bool)
    for time in range(num_real):
        observed[time] = observed_of(start + time)
    if not observed.any():
        raise UserError(
            f"nothing is observed between frames {start} and {start + num_real - 1}: a space "
            f"completes {len(frames)} frames at a time, and has to see something of each such clip"
        )
    return Context(video=frames, observed=observed)


def observed_region(hidden: Bool[np.ndarray, "time height width"]) -> ObservedOf:
    """Inpainting: what a mask does not hide. A mask that is too short ends with its last frame."""
    return lambda time: ~hidden[min(time, len(hidden) - 1)]


def observed_frames(size: tuple[int, int], is_seen: Callable[[int], bool]) -> ObservedOf:
    """Prediction and frame interpolation: some frames are seen whole."""
    return lambda time: np.full(size, is_seen(time))


def observed_share(size: tuple[int, int], share: float, seed: int) -> ObservedOf:
    """Sparse: a random share of the pixels of every frame.

    Raises:
        UserError: A share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise UserError(f"expected a share of pixels in (0, 1], came {share}")
    return lambda time: np.random.default_rng((seed, time)).random(size) < share


def read_mask(path: Path | str, size: tuple[int, int]) -> Bool[np.ndarray, "time height width"]:
    """A mask image or mask video: light pixels are hidden.

    Args:
        path: An image (one mask for all frames), a video, or a folder of images.
        size: Height and width to bring it to, in px.

    Returns:
        True where something is hidden; one frame for an image.

    Raises:
        UserError: The file is neither, or hides nothing.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"cannot read the mask {path}: no such file or folder")
    try:
        with Image.open(path) as image:
            frames = [
                np.array(image.convert("RGB").resize((size[1], size[0]), Image.Resampling.BOX))
            ]
            if getattr(image, "n_frames", 1) > 1:
                raise UnidentifiedImageError  # an animation; a video for all purposes
    except (UnidentifiedImageError, IsADirectoryError):
        frames = list(read_frames(path, size=size))
    except (OSError, Image.DecompressionBombError) as error:
        raise UserError(f"cannot read the mask {path}: {error}") from error
    hidden = np.stack(frames).mean(axis=3) > 127
    if not hidden.any():
        raise UserError(f"the mask {path} hides nothing: its light pixels are what is hidden")
    return hidden
