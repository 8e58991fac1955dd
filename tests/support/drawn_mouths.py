"""Mouths that are drawn: each word opens in its own rhythm, each speaker looks different."""

import itertools

import numpy as np

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip


def drawn_clip(word: int, speaker: int = 0, take: int = 0, num_frames: int = 14) -> MouthClip:
    """A dark mouth on a face; how wide and high it opens, and when, is the word."""
    chance = np.random.default_rng([word, speaker, take])
    time = np.linspace(0, 1, num_frames + int(chance.integers(0, 4)))
    height = 4 + 14 * np.abs(np.sin(np.pi * time * (1 + word % 3) + 0.7 * (word // 3)))
    width = 12 + 14 * np.abs(np.cos(np.pi * time * (1 + word // 2)))
    rows, columns = np.mgrid[:88, :88] - 44.0
    inside = (rows / height[:, None, None]) ** 2 + (columns / width[:, None, None]) ** 2 < 1
    face = 120 + 15 * speaker + 20 * np.sin(columns / (7 + speaker))
    frames = np.where(inside, 40.0, face) + chance.normal(0, 3, (len(time), 88, 88))
    return MouthClip(frames=frames.clip(0, 255).astype(np.uint8), fps=25.0)


def drawn_corpus(words: int = 4, speakers: int = 3, takes: int = 3) -> list[LabeledClip]:
    return [
        LabeledClip(
            word=f"word {word}",
            speaker=f"speaker {speaker}",
            take=f"{take:02d}",
            domain="real",
            clip=drawn_clip(word, speaker, take),
        )
        for speaker in range(speakers)
        for word in range(words)
        for take in range(takes)
    ]


def said(word: str, *clips: MouthClip) -> LabeledClip:
    """One clip after the other, as a word."""
    frames = np.concatenate([clip.frames for clip in clips])
    clip = MouthClip(frames=frames, fps=25.0)
    return LabeledClip(word=word, speaker="me", take="0", domain="real", clip=clip)


def drawn_phrases(take: int) -> list[LabeledClip]:
    """Each of four letters with each of four digits."""
    return [
        said(f"{'abcd'[one]} {two}", drawn_clip(one, 0, take), drawn_clip(two + 4, 0, take + two))
        for one, two in itertools.product(range(4), range(4))
    ]
