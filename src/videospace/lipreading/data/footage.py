"""Unlabeled footage of a person, cut at the pauses."""

from videospace.lipreading.mouth.endpoints import cut, find_movements
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 4.0
"""What is shorter is a twitch, and what is longer a sentence."""


def segments(footage: MouthClip) -> list[MouthClip]:
    """Cut footage where the lips rest for half a second, and keep what may be a word.

    Args:
        footage: Of any length and rate.

    Returns:
        Movements of 0.2 to 4 seconds with a little rest at either end, in order.

    Raises:
        UserError: There is none.

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
            f"{LONGEST_SECONDS:g} s between pauses, got {footage.seconds:.1f} s without one: film "
            "single words with a rest of half a second after each"
        )
    return found
