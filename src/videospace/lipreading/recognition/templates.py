"""Template matching: a clip is compared with every clip of every word, without training.

The features are low frequencies of the mouth image and their change over time.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.fft import dct
from torch import Tensor

from videospace.lipreading.data.batches import InputConfig, model_frames
from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.phonetics.units import overlapping_phrases, part_positions
from videospace.lipreading.recognition.dtw import dtw_distances, dtw_part_distances, pad

CROP_SIZE = 32
"""Height and width in px of the image that is transformed."""
NUM_SIDE = 8
"""Frequencies along either axis; without the mean brightness these are 8 × 8 - 1 = 63."""
LEAST_DEVIATION = 0.05
"""Added to a coefficient's deviation over a clip, so that noise is not amplified."""
SHARPNESS = 20.0
"""How much more a near clip of a part counts than a far one: e times for every 1/20 of distance."""

Sequences = list[Float[Tensor, "_ feature"]]


def cosine_features(clips: Sequence[MouthClip]) -> Sequences:
    """Compute the 63 lowest cosine coefficients of every frame, and their change over time.

    These are the features of the strategy ``dtw``, the baseline of all others.

    Args:
        clips: Clips at any frame rate; they are resampled to 25 frames per second.

    Returns:
        For each clip, float32 (time, 126).

    Example:
        >>> cosine_features([MouthClip(frames=np.zeros((10, 88, 88), np.uint8), fps=25.0)])[0].shape
        torch.Size([10, 126])
    """
    return [_with_changes(_coefficients(clip)) for clip in clips]


def normalized_cosine_features(clips: Sequence[MouthClip]) -> Sequences:
    """Compute :func:`cosine_features` with every coefficient standardized over its clip.

    This removes the face and the light, and gives fine detail the same weight as the opening of the
    mouth. Together with ``center`` it is far better than the plain features.
    """
    sequences = []
    for clip in clips:
        coefficients = _coefficients(clip)
        deviation = coefficients.std(0, correction=0) + LEAST_DEVIATION
        sequences.append(_with_changes((coefficients - coefficients.mean(0)) / deviation))
    return sequences


def _coefficients(clip: MouthClip) -> Float[Tensor, "time frequency"]:
    frames = model_frames(clip, InputConfig()).float() / 255
    basis = _COSINES
    return torch.einsum("thw,ih,jw->tij", frames, basis, basis).flatten(1)[:, 1:]


def _with_changes(sequence: Float[Tensor, "time feature"]) -> Float[Tensor, "time both"]:
    alone = len(sequence) == 1
    change = torch.zeros_like(sequence) if alone else torch.gradient(sequence, dim=0)[0]
    return torch.cat([sequence, change], 1)


def _cosine_basis() -> Float[Tensor, "frequency size"]:
    """Box filter 88 → 32 px and orthonormal cosine transform (type II) in one matrix."""
    size = MOUTH_SIZE
    edges = np.arange(CROP_SIZE + 1) * size / CROP_SIZE
    covered = np.minimum(edges[1:, None], np.arange(1, size + 1)) - np.maximum(
        edges[:-1, None], np.arange(size)
    )
    box = covered.clip(0) * CROP_SIZE / size
    cosines = np.asarray(dct(np.eye(CROP_SIZE), norm="ortho", axis=0))[:NUM_SIDE]
    return torch.from_numpy(cosines @ box).float()


_COSINES = _cosine_basis()


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
    ):
        self.words: list[str] = []
        self._features = features
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
        """Minus the distance to the nearest template of each word, or the mean over its parts."""
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
        mean = torch.cat(self._sequences).mean(0) if self._center else None
        templates, lengths = pad([_centered(each, mean) for each in self._sequences])
        queries = [_centered(query, mean) for query in queries]
        parts = overlapping_phrases(self.words) if self.split_overlapping else {}
        if parts:
            return self._scores_by_part(queries, templates, lengths, parts, left_out)
        owners = torch.tensor(self._owners)
        scores = torch.full((len(queries), len(self.words)), -torch.inf, dtype=torch.float32)
        for row, query in enumerate(queries):
            distances = dtw_distances(query, templates, lengths)
            if left_out:
                distances[left_out[row]] = torch.inf
            scores[row].scatter_reduce_(0, owners, -distances, "amax")
        return scores.numpy()

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
