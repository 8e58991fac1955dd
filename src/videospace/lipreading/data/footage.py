"""Unlabeled footage of a person, cut at the pauses."""

from videospace.lipreading.mouth.endpoints import cut, find_movements
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 4.0
"""Shorter movements are twitches, and longer ones sentences."""


def segments(footage: MouthClip) -> list[MouthClip]:
    """Cut footage where the lips rest for half a second, and keep the movements that may be words.

    Args:
        footage: Any length and frame rate.

    Returns:
        The movements of 0.2 to 4 seconds with a little rest at either end, in order.

    Raises:
        UserError: There is no such movement.

    Source: thesis 2.4 (pause segmentation of the speaker's footage).
    """
    found = [
        cut(footage, movement)
        for movement in find_movements(footage)
        if SHORTEST_SECONDS
        <= (movement.end_frame - movement.start_frame) / footage.fps
        <= LONGEST_SECONDS
    ]
    if not found:
        raise UserError(
            f"expected footage with movements of the lips of {SHORTEST_SECONDS:g} to "
            f"{LONGEST_SECONDS:g} s between pauses, got {footage.seconds:.1f} s without one: "
            "record single words with a rest of half a second after each"
        )
    return found
