"""The fixed protocols of lipreading: the clips to pretrain on, to learn from and to recognize."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.profile.storage.clip_files import clip_id
from videospace.runtime.errors import UserError

Protocol = Literal["miracl-1", "miracl-2", "miracl-unseen-1", "grid-pairs-1"]
FIRST_TESTED_TAKE = {"miracl-1": 2, "miracl-2": 2, "miracl-unseen-1": 2, "grid-pairs-1": 1}
"""Number of the first take to recognize, so that one and two shots have the same test."""

MIRACL_TEXTS = {
    "words/01": "begin", "words/02": "choose", "words/03": "connection", "words/04": "navigation",
    "words/05": "next", "words/06": "previous", "words/07": "start", "words/08": "stop",
    "words/09": "hello", "words/10": "web", "phrases/01": "stop navigation",
    "phrases/02": "excuse me", "phrases/03": "I am sorry", "phrases/04": "thank you",
    "phrases/05": "good bye", "phrases/06": "I love this game", "phrases/07": "nice to meet you",
    "phrases/08": "you are welcome", "phrases/09": "how are you", "phrases/10": "have a good time",
}  # fmt: skip
"""The texts of MIRACL's classes (Rekik, Ben-Hamadou and Mahdi, 2014)."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """One person's clips to learn from and to recognize, and other people's to pretrain on."""

    speaker: str
    """The person."""
    part: str
    """all, or the words or the phrases of MIRACL."""
    shots: list[LabeledClip]
    """The person's clips to learn from."""
    tests: list[LabeledClip]
    """The person's clips to recognize."""
    pretraining: list[LabeledClip]
    """Other people's clips."""
    others: list[LabeledClip]
    """Other people's clips of the same words, as a second domain for ``+s``."""


def tasks(
    protocol: Protocol,
    clips: Sequence[LabeledClip],
    pool: Sequence[LabeledClip] | None,
    speakers: Sequence[str],
) -> Iterator[Task]:
    """The tasks of a protocol, speaker by speaker.

    Args:
        protocol: By its name.
        clips: Clips of the test corpus.
        pool: Clips of a separate corpus for pretraining, from which every test speaker is
            left out, by name and by recording; None takes the corpus's other speakers.
        speakers: To ask about; none stands for all.

    Raises:
        UserError: A speaker is missing, or nobody is left to pretrain on.
    """
    names = list(dict.fromkeys(clip.speaker for clip in clips))
    if missing := sorted(set(speakers) - set(names)):
        raise UserError(f"no speaker '{missing[0]}' in the corpus: there are {', '.join(names)}")
    asked = [name for name in names if not speakers or name in speakers]
    if pool is not None:
        pool = without_speakers(pool, [clip for clip in clips if clip.speaker in asked])
    for speaker in asked:
        others = pool if pool is not None else [c for c in clips if c.speaker != speaker]
        if not others:
            raise UserError(f"nobody but {speaker} is left to pretrain on: give --pretrain-corpus")
        own = [clip for clip in clips if clip.speaker == speaker]
        if protocol == "miracl-unseen-1":
            yield task_of(protocol, speaker, "words", _part(own, "words"), _part(others, "phrases"))
            yield task_of(
                protocol, speaker, "phrases", _part(own, "phrases"), _part(others, "words")
            )
        else:
            yield task_of(protocol, speaker, "all", own, others)


def without_speakers(
    pool: Sequence[LabeledClip], asked: Sequence[LabeledClip]
) -> list[LabeledClip]:
    """Leave out the speakers of the test, whatever their name in the pool."""
    recordings = {clip_id(clip.clip) for clip in asked}
    excluded = {clip.speaker.casefold() for clip in asked}
    excluded |= {clip.speaker.casefold() for clip in pool if clip_id(clip.clip) in recordings}
    return [clip for clip in pool if clip.speaker.casefold() not in excluded]


def _part(clips: Sequence[LabeledClip], part: str) -> list[LabeledClip]:
    found = [clip for clip in clips if clip.word.startswith(f"{part}/")]
    if not found:
        raise UserError(f"expected classes called {part}/..., got none: is it MIRACL's layout?")
    return found


def task_of(
    protocol: Protocol,
    speaker: str,
    part: str,
    own: Sequence[LabeledClip],
    others: Sequence[LabeledClip],
) -> Task:
    """Split the clips of one speaker into shots and tests.

    Args:
        protocol: By its name.
        speaker: The speaker's name.
        part: all, or the words or the phrases of MIRACL.
        own: The speaker's clips, the takes of a word in order.
        others: Other people's clips, to pretrain on.
    """
    num_shots = 2 if protocol == "miracl-2" else 1
    shots, tests, last_take = [], [], {}
    for clip in own:  # takes come in order
        take = last_take[clip.word] = last_take.get(clip.word, -1) + 1
        if take < num_shots:
            shots.append(clip)
        elif take >= FIRST_TESTED_TAKE[protocol]:
            tests.append(clip)
    same_words = [
        dataclasses.replace(clip, domain="synthetic") for clip in others if clip.word in last_take
    ]
    return Task(
        speaker=speaker,
        part=part,
        shots=shots,
        tests=tests,
        pretraining=list(others),
        others=same_words,
    )
