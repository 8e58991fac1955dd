"""Pseudo-labels: unlabeled footage with the words that a recognizer is confident about."""

from collections.abc import Sequence

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.recognizer import Recognizer


def pseudo_labeled(
    clips: Sequence[MouthClip], recognizer: Recognizer, *, speaker: str
) -> list[LabeledClip]:
    """Label the clips that a recognizer is confident about, as clips of a second domain.

    The labels may be wrong: in the thesis they cost 15 points of accuracy. They are here for
    comparison.

    Args:
        clips: Unlabeled clips, such as :func:`segments` of footage.
        recognizer: Recognizes the words.
        speaker: Name of the speaker.

    Source: Lee, "Pseudo-label: the simple and efficient semi-supervised learning method", 2013.
    """
    found = []
    for number, clip in enumerate(clips):
        said = recognizer.recognize(clip, k=1)
        if said.confident:
            found.append(
                LabeledClip(
                    word=said.words[0],
                    speaker=speaker,
                    take=f"footage {number}",
                    domain="synthetic",
                    clip=clip,
                )
            )
    return found
