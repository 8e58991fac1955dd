"""Unlabelled footage of a person: cut at the pauses, and named where a recogniser is sure."""

from collections.abc import Sequence

from videospace.lipreading.corpus import LabelledClip
from videospace.lipreading.mouth.endpoints import cut, find_movements
from videospace.lipreading.mouth_clip import MouthClip
from videospace.lipreading.recogniser import Recogniser
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
            f"{LONGEST_SECONDS:g} s between pauses, came {footage.seconds:.1f} s without one: film "
            "single words with a rest of half a second after each"
        )
    return found


def pseudo_labelled(
    clips: Sequence[MouthClip], recogniser: Recogniser, *, speaker: str
) -> list[LabelledClip]:
    """Clips whose word a recogniser is sure about, as clips of a second domain.

    The labels may be wrong: in the thesis they cost 15 points, so they are there to compare with.

    Args:
        clips: Without labels, such as :func:`segments` of footage.
        recogniser: Names the words.
        speaker: Whose mouth it is.

    Source: Lee, "Pseudo-label: the simple and efficient semi-supervised learning method", 2013.
    """
    found = []
    for number, clip in enumerate(clips):
        said = recogniser.recognise(clip, k=1)
        if said.sure:
            found.append(
                LabelledClip(
                    word=said.words[0],
                    speaker=speaker,
                    take=f"footage {number}",
                    domain="synthetic",
                    clip=clip,
                )
            )
    return found
