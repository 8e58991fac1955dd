"""Masks: which pixels of a video's frames are observed, frame by frame, and masks from files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, UnidentifiedImageError

from videospace.clips.decoding.geometry import crop_and_resize, parse_crop
from videospace.clips.decoding.video_input import read_frames
from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError

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
        num_real: Frames that the video has; those after them were made up and are not known.
        observed_of: What is known of each frame.
        start: Number of the clip's first frame in the video.

    Raises:
        UserError: Nothing is known of the clip, or a mask has another size than its frame.
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
            f"nothing is observed between frames {start} and {start + num_real - 1}: a space "
            f"completes {len(frames)} frames at a time, and has to see something of each such clip"
        )
    return Context(video=frames, observed=observed)


def observed_region(hidden: Bool[np.ndarray, "time height width"]) -> ObservedOf:
    """Inpainting: what a mask does not hide. A mask that is too short ends with its last frame.

    Raises:
        UserError: The mask has no frame, or holds something else than True and False.
    """
    if not len(hidden) or hidden.dtype != bool:
        raise UserError(
            f"expected a mask of at least 1 frame, True or False, got {len(hidden)} of "
            f"{hidden.dtype}"
        )
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
        raise UserError(f"expected a share of pixels in (0, 1], got {share}")
    return lambda time: np.random.default_rng((seed, time)).random(size) < share


def read_mask(
    path: Path | str,
    size: tuple[int, int],
    *,
    picture: tuple[int, int] | None = None,
    crop: str = "center",
) -> Bool[np.ndarray, "time height width"]:
    """A mask image or mask video: light pixels are hidden.

    It may be larger or smaller than what it is for, in the same proportions: a mask of the whole
    picture is cropped as the video is, any other one covers the part that the clips show.

    Args:
        path: An image (one mask for all frames), a video, or a folder of images.
        size: Height and width of the clips in px, to which the mask is brought.
        picture: Height and width in px of the video that the clips are cut from; None: masks are of
            the clips alone.
        crop: The part of the video that the clips show, as in ``prepare``.

    Returns:
        True where something is hidden; one frame for an image.

    Raises:
        UserError: The file is neither, has other proportions, or hides nothing.
    """
    hidden = []
    for frame in _mask_frames(Path(path)):
        whole = (0, 0, *frame.shape[:2])
        if _is_of_clips(frame.shape[:2], size, picture, path):
            seen = crop_and_resize(frame, size, whole)
        else:
            frame = crop_and_resize(frame, picture or size, whole)
            seen = crop_and_resize(frame, size, parse_crop(crop))
        hidden.append(seen.mean(axis=2) > 127)
    if not np.any(hidden):
        raise UserError(f"the mask {path} hides nothing: its light pixels are what is hidden")
    return np.stack(hidden)


def _mask_frames(path: Path) -> Iterator[Frame]:
    if not path.exists():
        raise UserError(f"cannot read the mask {path}: no such file or folder")
    try:
        with Image.open(path) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise UnidentifiedImageError  # an animation is a video for all purposes
            frames = iter([np.array(image.convert("RGB"))])
    except (UnidentifiedImageError, IsADirectoryError):
        frames = read_frames(path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"cannot read the mask {path}: {error}") from error
    return frames


def _is_of_clips(
    mask: tuple[int, int], size: tuple[int, int], picture: tuple[int, int] | None, path: Path | str
) -> bool:
    """Whether a mask covers the clips, and not the whole picture that they are cut from."""
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
    """But for the rounding of a side to whole pixels."""
    return any(
        round(mask[side] * other[1 - side] / other[side]) == mask[1 - side] for side in (0, 1)
    )


def _px(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
