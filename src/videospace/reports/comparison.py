"""Videos side by side: the observed part of a video, its completion, and the truth."""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Bool, UInt8

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.runtime.errors import UserError

HATCHING_GRAYS = (88, 168)
"""The two grays of the stripes, in [0, 255]."""

_GAP_PX = 2


def side_by_side(
    context_video: Iterable[UInt8[np.ndarray, "context_height context_width 3"]],
    observed: Iterable[Bool[np.ndarray, "context_height context_width"]],
    output: Iterable[UInt8[np.ndarray, "height width 3"]],
    truth: Iterable[UInt8[np.ndarray, "true_height true_width 3"]] | None = None,
) -> Iterator[UInt8[np.ndarray, "height wide 3"]]:
    """Lay videos next to each other, frame by frame, at the size of the output.

    Input and truth are resized to the output's size: the input without smoothing and with its
    unobserved part hatched, the truth smoothly. Between the videos is a white gap of 2 px.

    Args:
        context_video: The input, in [0, 255].
        observed: True for observed pixels, a mask for each frame.
        output: The completed video.
        truth: The true video; None if it is not known.

    Yields:
        RGB frames of input, output and truth in a row. Their width may be odd;
        :func:`videospace.clips.writing.write_video` pads it.

    Raises:
        UserError: A video ends before the others, a frame is no RGB picture, or a mask and its
            frame differ in size.

    Example:
        >>> video = np.zeros((4, 16, 16, 3), np.uint8)
        >>> frames = side_by_side(video, np.ones((4, 16, 16), bool), video, video)
        >>> next(frames).shape
        (16, 52, 3)
    """
    videos = {"input": context_video, "mask": observed, "output": output}
    if truth is not None:
        videos["truth"] = truth
    for input_frame, mask, output_frame, *true_frames in _in_step(videos):
        size = output_frame.shape[:2]
        panels = [hatched(input_frame, mask, size), output_frame]
        panels += [crop_and_resize(true, size, (0, 0, *true.shape[:2])) for true in true_frames]
        yield _row(panels)


def hatched(
    frame: UInt8[np.ndarray, "height width 3"],
    observed: Bool[np.ndarray, "height width"],
    size: tuple[int, int],
) -> UInt8[np.ndarray, "target_height target_width 3"]:
    """Resize a frame and draw diagonal stripes over the pixels that are not observed.

    Each pixel of the result copies the pixel of the frame that contains its center, so observed and
    unobserved pixels never mix. The width of the stripes depends only on the target size (2 px up
    to 80 px, then in proportion), so they stand still in a video.

    Args:
        frame: RGB; the values of unobserved pixels do not matter.
        observed: True for observed pixels.
        size: Target height and width in px.

    Example:
        >>> frame = np.zeros((1, 2, 3), np.uint8)
        >>> hatched(frame, np.array([[True, False]]), (4, 8))[0, :, 0].tolist()
        [0, 0, 0, 0, 88, 88, 168, 168]
    """
    height, width = size
    rows = (2 * np.arange(height) + 1) * frame.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * frame.shape[1] // (2 * width)
    nearest = np.ix_(rows, columns)
    stripe_px = max(2, round(min(size) / 32))
    grays = np.array(HATCHING_GRAYS, np.uint8)[np.arange(height + width - 1) // stripe_px % 2]
    stripes = np.lib.stride_tricks.sliding_window_view(grays, width)  # grays[row + column]
    return np.where(observed[nearest][..., None], frame[nearest], stripes[..., None])


def _in_step(videos: dict[str, Iterable[np.ndarray]]) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield one frame of each video, after checking that they fit together."""
    for number, frames in enumerate(itertools.zip_longest(*videos.values())):
        ended = [name for name, frame in zip(videos, frames, strict=True) if frame is None]
        if ended:
            raise UserError(
                f"expected as many frames of {', '.join(videos)}, "
                f"got only {number} of {' and '.join(ended)}"
            )
        for name, frame in zip(videos, frames, strict=True):
            _require_picture(name, frame, number)
        picture, mask = frames[0].shape[:2], frames[1].shape
        if picture != mask:
            raise UserError(
                f"expected a mask of {picture[0]}x{picture[1]} px, the size of the input, "
                f"got {mask[0]}x{mask[1]} for frame {number}"
            )
        yield frames


def _require_picture(name: str, frame: np.ndarray, number: int) -> None:
    is_mask = name == "mask"
    kind, channels = (np.bool_, ()) if is_mask else (np.uint8, (3,))
    is_picture = frame.ndim == 2 + len(channels) and frame.shape[2:] == channels
    if not is_picture or frame.dtype != kind or not frame.size:
        expected = "bool (height, width)" if is_mask else "uint8 (height, width, 3)"
        raise UserError(
            f"expected {expected} for the {name}, "
            f"got {frame.dtype} {frame.shape} for frame {number}"
        )


def _row(panels: list[np.ndarray]) -> UInt8[np.ndarray, "height wide 3"]:
    gap = np.full((panels[0].shape[0], _GAP_PX, 3), 255, np.uint8)
    with_gaps = [part for panel in panels for part in (panel, gap)]
    return np.concatenate(with_gaps[:-1], axis=1)
