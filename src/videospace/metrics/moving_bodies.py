"""Checks whether a generated clip shows whole bright bodies that move, as Moving-MNIST does.

Between two clips, a space that has learned what moves shows bodies of another shape on another
path. A space that has only learned pixels fades one pair of bodies out and the other in.
"""

import dataclasses
import itertools
import typing

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage

from videospace.runtime.errors import UserError

LEAST_INK = 0.2
"""Brightness in [0, 1] from which a pixel belongs to a body."""
LEAST_PART = 0.1
"""Blobs with less than this fraction of a body's ink are specks."""
LEAST_PEAK = 0.5
"""Brightness that some pixel of a body reaches; a ghost is fainter."""
TOUCHING = np.ones((3, 3), bool)
"""Pixels that touch at a side or a corner are connected."""
GAP_PX = 2
"""Parts of one body may be twice this far apart."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BodiesCheck:
    """What a clip shows, frame by frame."""

    centers: tuple[Float[np.ndarray, "_ hw=2"], ...]
    """Centers of the bodies of every frame, in px; bodies that touch are one."""
    ink: Float[np.ndarray, " time"]
    """Sum of the brightness of every frame, in white pixels."""
    reasons: tuple[str, ...]
    """The faults of the clip, one short sentence each."""

    @property
    def valid(self) -> bool:
        """Whether the clip has no fault."""
        return not self.reasons


def check_bodies(
    video: UInt8[np.ndarray, "time height width 3"],
    *,
    ink: float | int,
    max_step_px: float | int,
    num_bodies: int = 2,
    side_px: float | int = 28,
    ink_tolerance: float | int = 0.2,
    step_tolerance: float | int = 0.3,
) -> BodiesCheck:
    """Check a clip that was interpolated between two clips of moving bodies on black.

    The clip is valid if every frame shows so many compact bodies, or fewer while some meet; if each
    of them is bright somewhere; if the ink of a frame is what lies between the parents; and if no
    body moves faster than theirs.

    Args:
        video: RGB frames.
        ink: White pixels of a frame in which no bodies overlap, between those of the parents
            (:func:`usual_ink`).
        max_step_px: The way of the faster body from one frame to the next in the parents
            (:func:`usual_step`).
        num_bodies: Bodies of every clip.
        side_px: The largest height and width of a body.
        ink_tolerance: Fraction by which the ink of a frame may differ. Where bodies meet, half of
            the ink may be hidden.
        step_tolerance: Fraction by which a step may be longer, beside one pixel.

    Raises:
        UserError: There are fewer than 2 frames.

    Example:
        >>> video = np.zeros((3, 20, 30, 3), np.uint8)
        >>> for time in range(3):
        ...     video[time, 2:8, 2 + time : 8 + time] = 255
        ...     video[time, 12:18, 20 - time : 26 - time] = 255
        >>> check_bodies(video, ink=72, max_step_px=1, side_px=6).valid
        True
        >>> check_bodies(video[[0, 2, 1]] // 3, ink=72, max_step_px=1, side_px=6).reasons
        ('the ink of 3 frames is off', '6 bodies are faint')
    """
    if len(video) < 2:
        raise UserError(f"expected at least 2 frames to check for moving bodies, got {len(video)}")
    brightness = video.astype(np.float32).mean(axis=3) / 255
    frames = [_bodies(frame, LEAST_PART * ink / num_bodies) for frame in brightness]
    counts = np.array([len(bodies.centers) for bodies in frames])
    inks = brightness.sum(axis=(1, 2))
    meeting = _may_meet([bodies.centers for bodies in frames], num_bodies, side_px, max_step_px)
    wrong = (counts != num_bodies) & ~(meeting & (counts < num_bodies) & (counts > 0))
    largest = [
        side_px + 2 if count >= num_bodies else side_px * (num_bodies - count + 1) + 2 * GAP_PX + 2
        for count in counts
    ]
    large = sum(
        int((bodies.sides > limit).any()) for bodies, limit in zip(frames, largest, strict=True)
    )
    least = np.where(counts < num_bodies, 0.5, 1.0) * (1 - ink_tolerance) * ink
    off = (inks < least) | (inks > (1 + ink_tolerance) * ink)
    if inks.max() < (1 - ink_tolerance) * ink:  # half of the ink is not hidden in all frames
        off[:] = True
    faint = sum(int((bodies.peaks < LEAST_PEAK).sum()) for bodies in frames)
    limit = (1 + step_tolerance) * max_step_px + 1
    wholes = [ndimage.center_of_mass(frame + 1e-9) for frame in brightness]
    jumps = sum(
        np.linalg.norm(np.subtract(*pair)) > limit for pair in itertools.pairwise(wholes)
    ) + sum(
        _longest_step(one.centers, two.centers) > limit
        for one, two in itertools.pairwise(frames)
        if len(one.centers) == len(two.centers) == num_bodies
    )
    faults = {
        f"{wrong.sum()} frames do not show {num_bodies} bodies": wrong.any(),
        f"bodies of {large} frames are too large": large,
        f"the ink of {off.sum()} frames is off": off.any(),
        f"{faint} bodies are faint": faint,
        f"bodies jump {jumps} times": jumps,
    }
    return BodiesCheck(
        centers=tuple(bodies.centers for bodies in frames),
        ink=inks,
        reasons=tuple(text for text, is_fault in faults.items() if is_fault),
    )


def usual_ink(video: UInt8[np.ndarray, "time height width 3"]) -> float:
    """The ink of a frame of a clip in which no bodies overlap: the largest of all frames.

    Returns:
        The number of white pixels.
    """
    return float(video.astype(np.float32).mean(axis=3).sum(axis=(1, 2)).max() / 255)


@dataclasses.dataclass(frozen=True)
class _Bodies:
    centers: Float[np.ndarray, "body hw=2"]
    sides: Float[np.ndarray, "body hw=2"]
    peaks: Float[np.ndarray, " body"]


def _bodies(brightness: Float[np.ndarray, "height width"], least_ink: float) -> _Bodies:
    """The bodies of a frame, without specks."""
    is_ink = brightness >= LEAST_INK
    near_ink = ndimage.binary_dilation(is_ink, TOUCHING, GAP_PX)
    labels, num = typing.cast(tuple[np.ndarray, int], ndimage.label(near_ink, TOUCHING))
    labels = labels * is_ink
    numbers = np.arange(1, num + 1)
    inks = ndimage.sum(brightness, labels, numbers)
    kept = numbers[np.asarray(inks) >= least_ink]
    boxes = ndimage.find_objects(labels, max_label=num)
    sides = [[axis.stop - axis.start for axis in boxes[number - 1]] for number in kept]
    return _Bodies(
        np.asarray(ndimage.center_of_mass(brightness, labels, kept), float).reshape(-1, 2),
        np.asarray(sides, float).reshape(-1, 2),
        np.asarray(ndimage.maximum(brightness, labels, kept), float).reshape(-1),
    )


def _may_meet(
    centers: list[Float[np.ndarray, "_ hw=2"]],
    num_bodies: int,
    side_px: float | int,
    max_step_px: float | int,
) -> Bool[np.ndarray, " time"]:
    """By frame, whether bodies may touch: some are near in the last or next frame that shows all.

    Bodies may also touch in all frames.
    """
    whole = [index for index, found in enumerate(centers) if len(found) == num_bodies]
    near = np.full(len(centers), not whole)
    for index in range(len(centers)):
        before = max((each for each in whole if each <= index), default=None)
        after = min((each for each in whole if each >= index), default=None)
        for each in (before, after):
            if each is not None:
                reach = 1.5 * side_px + 2 * max_step_px
                pairs = itertools.combinations(centers[each], 2)
                near[index] |= any(np.abs(one - two).max() <= reach for one, two in pairs)
    return near


def _longest_step(one: Float[np.ndarray, "body 2"], two: Float[np.ndarray, "body 2"]) -> float:
    """The longest way of a body from one frame to the next, in the matching that is best."""
    distances = np.linalg.norm(one[:, None] - two[None], axis=2)
    orders = itertools.permutations(range(len(two)))
    return min(max(distances[range(len(one)), list(order)]) for order in orders)


def usual_step(video: UInt8[np.ndarray, "time height width 3"], num_bodies: int = 2) -> float:
    """The way in px that the fastest body of a clip takes between two frames, median over time.

    Only pairs of frames that show so many bodies count; 0 if there is none.
    """
    brightness = video.astype(np.float32).mean(axis=3) / 255
    least = LEAST_PART * usual_ink(video) / num_bodies
    centers = [_bodies(frame, least).centers for frame in brightness]
    steps = [
        _longest_step(one, two)
        for one, two in itertools.pairwise(centers)
        if len(one) == len(two) == num_bodies
    ]
    return float(np.median(steps)) if steps else 0.0
