"""Masks: which pixels of each frame of a video are observed, and masks read from files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import UnidentifiedImageError

from videospace.clips.decoding.geometry import crop_and_resize, parse_crop
from videospace.clips.decoding.image_file import IMAGE_ERRORS, open_image
from videospace.clips.decoding.video_input import read_frames
from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

Frame = UInt8[np.ndarray, "height width 3"]
FrameMask = Bool[np.ndarray, "height width"]
ObservedOf = Callable[[int], FrameMask]
"""Which pixels of a frame are observed, by the frame's number in its video."""


def masked_clip(
    frames: UInt8[np.ndarray, "time height width 3"],
    num_real: int,
    observed_of: ObservedOf,
    start: int = 0,
) -> Context:
    """The context of a clip in a longer video.

    Args:
        frames: The clip.
        num_real: Frames that the video has; the frames after them are padding and not observed.
        observed_of: Which pixels of each frame are observed.
        start: Number of the clip's first frame in the video.

    Raises:
        UserError: No pixel of the clip is observed, or a mask has another size than its frame.
    """
    observed = np.zeros(frames.shape[:3], bool)
    for time in range(num_real):
        mask = observed_of(start + time)
        if mask.shape != observed.shape[1:] or mask.dtype != bool:
            raise UserError(
                f"expected a mask of {_px(observed.shape[1:])} px, True or False, for frame "
                f"{start + time}, got {mask.dtype} {_px(mask.shape)}"
            )
        observed[time] = mask
    if not observed.any():
        raise UserError(
            Message(
                "nothing is observed between frames {first} and {last}: a space completes {count} "
                "frames at a time, and each such clip needs observed pixels",
                first=start,
                last=start + num_real - 1,
                count=len(frames),
            )
        )
    return Context(video=frames, observed=observed)


def observed_region(hidden: Bool[np.ndarray, "time height width"]) -> ObservedOf:
    """Inpainting: all pixels outside a mask are observed.

    Args:
        hidden: The mask, True where a pixel is hidden. If the video is longer, the last frame of
            the mask is repeated.

    Raises:
        UserError: The mask has no frame, or is not boolean.
    """
    if not len(hidden) or hidden.dtype != bool:
        raise UserError(
            f"expected a mask of at least 1 frame, True or False, got {len(hidden)} of "
            f"{hidden.dtype}"
        )
    return lambda time: ~hidden[min(time, len(hidden) - 1)]


def observed_frames(size: tuple[int, int], is_observed: Callable[[int], bool]) -> ObservedOf:
    """Prediction and frame interpolation: some frames are observed completely."""
    return lambda time: np.full(size, is_observed(time))


def observed_random_fraction(size: tuple[int, int], fraction: float, seed: int) -> ObservedOf:
    """Sparse: a random fraction of the pixels of every frame is observed.

    Raises:
        UserError: The fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise UserError(f"expected a fraction of pixels in (0, 1], got {fraction}")
    return lambda time: np.random.default_rng((seed, time)).random(size) < fraction


def read_mask(
    path: Path | str,
    size: tuple[int, int],
    *,
    picture: tuple[int, int] | None = None,
    crop: str = "center",
) -> Bool[np.ndarray, "time height width"]:
    """Read a mask from an image or a video: light pixels are hidden.

    The mask is resized to the clips. It has the proportions of the whole picture, and is then
    cropped like the video, or the proportions of the clips.

    Args:
        path: An image (one mask for all frames), a video, or a folder of images.
        size: Height and width of the clips in px.
        picture: Height and width in px of the video that the clips are cut from; None: the mask
            covers the clips.
        crop: Region of the video that the clips show, as in ``prepare``.

    Returns:
        True where a pixel is hidden; one frame for an image.

    Raises:
        UserError: The file is neither, has other proportions, or hides nothing.
    """
    hidden = []
    for frame in _mask_frames(Path(path)):
        whole = (0, 0, *frame.shape[:2])
        if _is_of_clips(frame.shape[:2], size, picture, path):
            resized = crop_and_resize(frame, size, whole)
        else:
            frame = crop_and_resize(frame, picture or size, whole)
            resized = crop_and_resize(frame, size, parse_crop(crop))
        hidden.append(resized.mean(axis=2) > 127)
    if not np.any(hidden):
        raise UserError(f"expected light pixels in the mask {path}, which are hidden, got none")
    return np.stack(hidden)


def _mask_frames(path: Path) -> Iterator[Frame]:
    if not path.exists():
        raise UserError(f"cannot read the mask {path}: no such file or folder")
    try:
        with open_image(path) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise UnidentifiedImageError  # an animation is read as a video
            frames = iter([np.array(image.convert("RGB"))])
    except (UnidentifiedImageError, IsADirectoryError):
        frames = read_frames(path)
    except IMAGE_ERRORS as error:
        raise UserError(f"cannot read the mask {path}: {error}") from error
    return frames


def _is_of_clips(
    mask: tuple[int, int], size: tuple[int, int], picture: tuple[int, int] | None, path: Path | str
) -> bool:
    """Whether a mask covers the clips rather than the whole picture that they are cut from."""
    if mask == picture:
        return False
    if _same_proportions(mask, size):
        return True
    if picture is not None and _same_proportions(mask, picture):
        return False
    video = "" if picture is None else f" or of the video ({_px(picture)} px)"
    raise UserError(
        f"expected a mask in the proportions of the clips ({_px(size)} px){video}, "
        f"got {_px(mask)}: {path}"
    )


def _same_proportions(mask: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether proportions are equal, up to the rounding of a side to whole pixels."""
    return any(
        round(mask[side] * other[1 - side] / other[side]) == mask[1 - side] for side in (0, 1)
    )


def _px(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
