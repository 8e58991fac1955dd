"""Episodes: the clips of a step of pretraining, among them clips of made-up words."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import torch
from jaxtyping import Int
from msgspec import Meta
from torch import Tensor

from videospace.lipreading.data.batches import Frames, InputConfig, model_frames
from videospace.lipreading.data.corpora import LabeledClip
from videospace.runtime.errors import UserError
from videospace.runtime.random import random_stream
from videospace.runtime.reading.bounds import Fraction, check_bounds
from videospace.runtime.reading.renamed import renamed


@renamed(fields={"reversed_share": "reversed_fraction", "spliced_share": "spliced_fraction"})
@dataclasses.dataclass(frozen=True, kw_only=True)
class EpisodeConfig:
    """The clips of a step: the same number of takes of some words of some speakers."""

    speakers: Annotated[int, Meta(ge=1, le=10**6)] = 2
    """Speakers of a step; fewer where the corpus has fewer."""
    words: Annotated[int, Meta(ge=2, le=10**6)] = 12
    """Words of each speaker; fewer where a speaker has fewer."""
    takes: Annotated[int, Meta(ge=2, le=10**6)] = 2
    """Takes of each word, at least 2."""
    reversed_fraction: Fraction = 0.0
    """Fraction of speakers in a step whose clips are reversed in time, as words of their own."""
    spliced_fraction: Fraction = 0.0
    """Fraction of speakers in a step whose clips begin as one word and end as another, as words of
    their own. This makes many more words than the corpus has."""

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.reversed_fraction + self.spliced_fraction > 1:
            raise UserError("expected reversed_fraction and spliced_fraction of together at most 1")


class Episode(NamedTuple):
    """The clips of a step, in the order speaker, word, take."""

    clips: list[Frames]
    labels: Int[Tensor, " clip"]
    """Equal for clips of the same word, also of a made-up one."""
    words: Int[Tensor, " clip"]
    """Index into the words of the corpus; -1 for a made-up word."""
    shape: tuple[int, int, int]
    """Number of speakers, of words of each speaker, and of takes of each word."""


class EpisodeSource:
    """Draws episodes from a corpus; each depends on the seed and its number only.

    Args:
        clips: Clips of one or more speakers.
        config: Size of an episode, and its made-up words.
        input_config: Input of the encoder.

    Raises:
        UserError: No speaker has two words with enough takes.
    """

    def __init__(
        self, clips: Sequence[LabeledClip], config: EpisodeConfig, input_config: InputConfig
    ):
        self.words = list(dict.fromkeys(clip.word for clip in clips))
        self._config = config
        self._frames = [model_frames(each.clip, input_config) for each in clips]
        rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row, clip in enumerate(clips):
            rows[clip.speaker][clip.word].append(row)
        self._speakers = [
            usable
            for of_word in rows.values()
            if len(usable := {w: r for w, r in of_word.items() if len(r) >= config.takes}) >= 2
        ]
        if not self._speakers:
            raise UserError(
                f"expected a speaker with at least 2 words of {config.takes} takes each to train "
                f"on, got {len(clips)} clips of {len(rows)} speakers without one"
            )

    def episode(self, number: int, seed: int) -> Episode:
        """Draw the episode of a step.

        Args:
            number: Number of the step.
            seed: Seed of the run.
        """
        generator = random_stream(seed, "lipreading episode", number)
        clips: list[Frames] = []
        labels: list[int] = []
        words: list[int] = []
        numbers = _some(len(self._speakers), self._config.speakers, generator)
        chosen = [self._speakers[number] for number in numbers]
        num_words = min(self._config.words, *map(len, chosen))
        for speaker in chosen:
            for clip, label, word in self._of_speaker(speaker, num_words, generator):
                clips.append(clip)
                labels.append(label)
                words.append(word)
        shape = len(chosen), num_words, self._config.takes
        return Episode(clips, torch.tensor(labels), torch.tensor(words), shape)

    def _of_speaker(
        self, rows_of: dict[str, list[int]], num_words: int, generator: torch.Generator
    ) -> list[tuple[Frames, int, int]]:
        names = list(rows_of)
        names = [names[index] for index in _some(len(names), num_words, generator)]
        takes = {
            name: [
                rows_of[name][i] for i in _some(len(rows_of[name]), self._config.takes, generator)
            ]
            for name in names
        }
        draw, num_known = float(torch.rand(1, generator=generator)), len(self.words)
        backwards = draw < self._config.reversed_fraction
        spliced = (
            not backwards and draw < self._config.reversed_fraction + self._config.spliced_fraction
        )
        found = []
        for position, name in enumerate(names):
            word = self.words.index(name)
            partner = names[(position + 1) % len(names)]
            for row, partner_row in zip(takes[name], takes[partner], strict=True):
                frames = self._frames[row]
                if backwards:
                    found.append((frames.flip(0), num_known + word, -1))
                elif spliced:
                    label = num_known * (2 + word) + self.words.index(partner)
                    found.append((_spliced(frames, self._frames[partner_row]), label, -1))
                else:
                    found.append((frames, word, word))
        return found


def _spliced(beginning: Frames, end: Frames) -> Frames:
    """Join the first half of one clip and the second half of another."""
    return torch.cat([beginning[: (len(beginning) + 1) // 2], end[len(end) // 2 :]])


def _some(num: int, wanted: int, generator: torch.Generator) -> list[int]:
    return torch.randperm(num, generator=generator)[:wanted].tolist()
