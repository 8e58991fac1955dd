"""Template matching: a clip is compared with every clip of every word, without training."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import overlapping_phrases, part_positions
from videospace.lipreading.recognition.dtw import dtw_distances, dtw_part_distances, pad
from videospace.lipreading.recognition.template_features import Sequences, cosine_features

SHARPNESS = 20.0
"""How much more a near clip of a part counts than a far one: e times for every 1/20 of distance."""
MOST_COMPARED = 30
"""Most templates of other words that tell how near a template is to all clips."""


class TemplateScorer:
    """Scores words by the nearest of their clips under dynamic time warping.

    Phrases that share their parts, such as letters with digits, can be scored part by part, by the
    clips of all phrases with the same word at the same position. One clip of each of 250 pairs is
    then ten clips of every letter, and 25 of every digit. Parts are assumed to be equally long.

    Args:
        words: The word of each clip.
        clips: The templates.
        features: Computes sequences of features from clips.
        center: Subtract the mean feature of all templates, which depends on the speaker and not on
            the word, and normalize every frame to unit length.
        split_overlapping: Score phrases that overlap word by word (see
            :func:`videospace.lipreading.phonetics.units.overlapping_phrases`), and all others as
            a whole.
        free_ends: Frames that may be left over at either end (see
            :func:`videospace.lipreading.recognition.dtw.dtw_distances`); not for parts.
        hub_correction: Fraction of a template's mean distance to those of other words that is
            subtracted from its distances, so that a template that is near to everything does not
            draw the answers for other words; not for parts.

    Example:
        >>> still, moving = np.zeros((2, 20, 88, 88), np.uint8)
        >>> moving[5:15, 40:60] = 255
        >>> clips = [MouthClip(frames=frames, fps=25.0) for frames in (still, moving)]
        >>> int(TemplateScorer(["nothing", "open"], clips).scores(clips[1:]).argmax())
        1
    """

    def __init__(
        self,
        words: Sequence[str],
        clips: Sequence[MouthClip],
        features: Callable[[Sequence[MouthClip]], Sequences] = cosine_features,
        *,
        center: bool = False,
        split_overlapping: bool = False,
        free_ends: int = 0,
        hub_correction: float = 0.0,
    ):
        self.words: list[str] = []
        self._features = features
        self._free_ends, self._hub_correction = free_ends, hub_correction
        self._mean_distances = torch.zeros(0)
        self.split_overlapping, self._center = split_overlapping, center
        self._sequences: Sequences = []
        self._owners: list[int] = []
        if clips:
            for word, sequence in zip(words, self._features(clips), strict=True):
                self.add(word, sequence)

    def prepare(self, clip: MouthClip) -> Tensor:
        """Compute the features of a clip for :meth:`add`; everything that can fail happens here."""
        return self._features([clip])[0]

    def add(self, word: str, prepared: Tensor) -> None:
        """Add a clip of a word."""
        if word not in self.words:
            self.words.append(word)
        self._sequences.append(prepared)
        self._owners.append(self.words.index(word))

    def scores(self, clips: Sequence[MouthClip]) -> Float[np.ndarray, "clip word"]:
        """Minus the distance to the nearest template of each word, or the mean over its parts.

        nan for a clip without features, and where the templates have not all the same features as
        the clip.
        """
        return self._scores(self._features(clips))

    def scores_of_templates(self, rows: Sequence[int]) -> Float[np.ndarray, "clip word"]:
        """Score some of the templates against all others.

        Args:
            rows: Numbers of the templates, in the order in which they were added.

        Returns:
            Scores as of :meth:`scores`; -inf where no template of a word or of one of its parts is
            left.
        """
        return self._scores([self._sequences[row] for row in rows], left_out=rows)

    def _scores(
        self, queries: Sequences, left_out: Sequence[int] = ()
    ) -> Float[np.ndarray, "clip word"]:
        widths = {sequence.shape[1] for sequence in self._sequences}
        rows = [
            row
            for row, query in enumerate(queries)
            if query.shape[1] and {query.shape[1]} == widths
        ]
        scores = np.full((len(queries), len(self.words)), np.nan, np.float32)
        if rows:
            known = [queries[row] for row in rows]
            scores[rows] = self._known_scores(known, [left_out[row] for row in rows if left_out])
        return scores

    def _known_scores(
        self, queries: Sequences, left_out: Sequence[int]
    ) -> Float[np.ndarray, "clip word"]:
        mean = torch.cat(self._sequences).mean(0) if self._center else None
        templates, lengths = pad([_centered(each, mean) for each in self._sequences])
        queries = [_centered(query, mean) for query in queries]
        parts = overlapping_phrases(self.words) if self.split_overlapping else {}
        if parts:
            return self._scores_by_part(queries, templates, lengths, parts, left_out)
        owners = torch.tensor(self._owners)
        correction = self._hub_correction * self._hubness(templates, lengths)
        scores = torch.full((len(queries), len(self.words)), -torch.inf, dtype=torch.float32)
        for row, query in enumerate(queries):
            distances = dtw_distances(query, templates, lengths, free_ends=self._free_ends)
            distances -= correction
            if left_out:
                distances[left_out[row]] = torch.inf
            scores[row].scatter_reduce_(0, owners, -distances, "amax")
        return scores.numpy()

    def _hubness(
        self, templates: Float[Tensor, "template time feature"], lengths: Int[Tensor, " template"]
    ) -> Float[Tensor, " template"]:
        """Mean distance of every template to some of those of other words.

        It is computed once for each template, when it is first needed.
        """
        if not self._hub_correction:
            return torch.zeros(len(templates))
        known = self._mean_distances
        if (num_known := len(known)) < len(templates):
            owners = torch.tensor(self._owners)
            new, new_lengths, new_owners = (
                each[num_known:] for each in (templates, lengths, owners)
            )
            sums, counts = torch.zeros(len(new)), torch.zeros(len(new))
            for row in range(0, len(templates), -(-len(templates) // MOST_COMPARED)):
                compared = templates[row, : lengths[row]]
                distances = dtw_distances(compared, new, new_lengths, free_ends=self._free_ends)
                is_other = new_owners != owners[row]
                sums += torch.where(is_other, distances, 0.0)
                counts += is_other
            known = torch.cat([known, sums / counts.clamp(min=1)])
            self._mean_distances = known
        return known

    def _scores_by_part(
        self,
        queries: Sequences,
        templates: Float[Tensor, "template time feature"],
        lengths: Int[Tensor, " template"],
        parts: Mapping[str, Sequence[str]],
        left_out: Sequence[int],
    ) -> Float[np.ndarray, "clip word"]:
        position = _numbered_positions(self.words, parts)
        is_part = position >= 0
        counts, owners = is_part.sum(1), torch.tensor(self._owners)
        of_templates = is_part[owners]
        part_of_frame = torch.arange(templates.shape[1]) * counts[owners, None] // lengths[:, None]
        part_of_frame = part_of_frame.clamp(max=position.shape[1] - 1)
        scores = torch.empty(len(queries), len(self.words))
        for row, query in enumerate(queries):
            distances = dtw_part_distances(query, templates, lengths, part_of_frame)
            counted = of_templates
            if left_out:
                counted = of_templates.clone()
                counted[left_out[row]] = False
            likeness = (-SHARPNESS * distances[counted]).exp()
            mean = torch.zeros(int(position.max()) + 1).scatter_reduce_(
                0, position[owners][counted], likeness, "mean", include_self=False
            )
            of_positions = mean.log() / SHARPNESS
            scores[row] = of_positions[position].where(is_part, 0.0).sum(1) / counts
        return scores.numpy()


def _centered(sequence: Tensor, mean: Tensor | None) -> Tensor:
    return sequence if mean is None else torch.nn.functional.normalize(sequence - mean, dim=-1)


def _numbered_positions(
    words: Sequence[str], parts: Mapping[str, Sequence[str]]
) -> Int[Tensor, "word part"]:
    """Number the positions of parts; -1 after the last part of a word.

    A word that shares nothing is one part of its own.
    """
    numbers: dict[object, int] = {}
    rows = []
    for word in words:
        of_word = part_positions(parts[word]) if word in parts else [word]
        rows.append(torch.tensor([numbers.setdefault(each, len(numbers)) for each in of_word]))
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1)
