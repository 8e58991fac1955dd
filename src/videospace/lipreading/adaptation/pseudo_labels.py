"""Footage named by a recognizer: pseudo-labels."""

from collections.abc import Sequence

from videospace.lipreading.data.corpora import LabelledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.recognizer import Recogniser


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
