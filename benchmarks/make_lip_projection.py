"""Makes the projection of mouth features that comes with the package, from GRID's speaker s1.

    python -m benchmarks.make_lip_projection --work FOLDER

The recordings that begin with ``bin`` are left out: those of GRID's words out of the box are among
them. GRID is under CC BY 4.0, and the card names its authors.
"""

import dataclasses
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
import tyro
from jaxtyping import Float

from benchmarks.support.common import data_path, say
from benchmarks.support.grid_pairs import MARGIN_FRAMES, mouths_of_recordings, sentences, window
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.recognition.projection import CARD_FILE, PROJECTION_FILE
from videospace.lipreading.recognition.template_features import Sequences, detailed_cosine_features
from videospace.runtime.checkpoint import save_tensors
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

LEFT_OUT = "b"
"""First letter of the recordings that are for measuring."""
PAIRS_PER_WORD = 24
"""Pairs of clips of each word whose frames are compared."""
NUM_PROJECTED = 80
SHRINKAGE = 0.5
"""Part of the mean variance that is added to the scatter within words, so that the projection fits
other faces, too."""
CARD = """# A projection of mouth features

429 numbers that template matching computes for a frame of a mouth (see
`videospace.lipreading.recognition.template_features`) become {projected}, in which clips of the
same word are near each other: a linear discriminant analysis of frames that dynamic time warping
aligns.

Made by `benchmarks/make_lip_projection.py` with seed {seed} from {recordings} recordings of
speaker s1 of the GRID corpus, {words} words. One speaker alone was seen, and no recording whose
name begins with `{left_out}`.

GRID: M. Cooke, J. Barker, S. Cunningham and X. Shao, "An audio-visual corpus for speech perception
and automatic speech recognition", Journal of the Acoustical Society of America 120, 2006. CC BY
4.0. The projection was computed from the recordings; nothing of a recording is in it.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """Makes the projection of mouth features that comes with the package."""

    out: Path = PROJECTION_FILE.parent
    """Folder to write."""
    seed: int = 0
    """Seed of the pairs of clips."""
    work: Path | None = None
    """Folder that keeps the mouths of each recording; None takes a temporary one."""


def make(
    folder: Path, out: Path, *, seed: int = 0, work: Path, detector: FaceDetector | None = None
) -> None:
    """Compute the projection and write it with its card.

    Args:
        folder: The recordings of one GRID speaker with their ``words.tsv``.
        out: Folder to write.
        seed: Seed of the pairs of clips.
        work: Folder that keeps the mouths of each recording.
        detector: Finds the faces; None takes dlib.

    Raises:
        UserError: There are no recordings, or no word is spoken twice.
    """
    spoken = {
        name: of for name, of in sentences(folder / "words.tsv").items() if name[0] != LEFT_OUT
    }
    mouths = mouths_of_recordings(folder, list(spoken), work=work, detector=detector)
    features: dict[str, Sequences] = defaultdict(list)
    for words, mouth in zip(spoken.values(), mouths, strict=True):
        clips = [window(mouth, word, word, margin_frames=MARGIN_FRAMES) for word in words]
        for word, of_clip in zip(words, detailed_cosine_features(clips), strict=True):
            features[word.text].append(of_clip)
    matrix = discriminant(list(aligned_pairs(features, seed)))
    out.mkdir(parents=True, exist_ok=True)
    save_tensors(out / PROJECTION_FILE.name, {"projection": torch.from_numpy(matrix).half()})
    card = CARD.format(
        projected=matrix.shape[1],
        seed=seed,
        recordings=len(spoken),
        words=len(features),
        left_out=LEFT_OUT,
    )
    with atomic_write(out / CARD_FILE) as unfinished:
        unfinished.write_text(card, encoding="utf-8")


def aligned_pairs(
    features: Mapping[str, Sequences], seed: int
) -> Iterator[tuple[Float[np.ndarray, "step feature"], Float[np.ndarray, "step feature"]]]:
    """Draw pairs of clips of the same word, and align their frames, without the margins.

    Raises:
        UserError: No word is spoken twice.
    """
    chance = random.Random(seed)
    repeated = [of_word for of_word in features.values() if len(of_word) > 1]
    if not repeated:
        raise UserError("expected recordings in which a word is spoken twice, got none")
    for of_word in repeated:
        for _ in range(PAIRS_PER_WORD):
            one, other = (sequence.numpy() for sequence in chance.sample(of_word, 2))
            path = [
                step
                for step in alignment(_cosine_distances(one, other))
                if MARGIN_FRAMES <= step[0] < len(one) - MARGIN_FRAMES
            ]
            if path:
                rows, other_rows = zip(*path, strict=True)
                yield one[list(rows)], other[list(other_rows)]


def alignment(costs: Float[np.ndarray, "time other_time"]) -> list[tuple[int, int]]:
    """The pairs of frames on the cheapest path; a diagonal step counts twice."""
    total = np.full((costs.shape[0] + 1, costs.shape[1] + 1), np.inf)
    total[0, 0] = 0
    for row, column in np.ndindex(*costs.shape):
        across, cost = total[row, column] + 2 * costs[row, column], costs[row, column]
        straight = min(total[row, column + 1], total[row + 1, column]) + cost
        total[row + 1, column + 1] = min(across, straight)
    row, column = costs.shape
    path = []
    while row and column:
        path.append((row - 1, column - 1))
        before = {
            (row - 1, column - 1): total[row - 1, column - 1] + costs[row - 1, column - 1],
            (row - 1, column): total[row - 1, column],
            (row, column - 1): total[row, column - 1],
        }
        row, column = min(before, key=lambda step: before[step])
    return path[::-1]


def discriminant(
    pairs: Sequence[tuple[Float[np.ndarray, "step feature"], Float[np.ndarray, "step feature"]]],
) -> Float[np.ndarray, "feature projected"]:
    """The directions in which frames vary most, compared with aligned frames of the same word.

    Source: Fisher, "The use of multiple measurements in taxonomic problems", 1936; the scatter
    within words is shrunk towards a multiple of the identity.
    """
    differences = np.concatenate([one - other for one, other in pairs]).astype(np.float64)
    frames = np.concatenate([each for pair in pairs for each in pair]).astype(np.float64)
    within = differences.T @ differences / (2 * len(differences))
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    _, directions = scipy.linalg.eigh(np.cov(frames.T), within)
    return np.ascontiguousarray(directions[:, ::-1][:, :NUM_PROJECTED])


def _cosine_distances(one: np.ndarray, other: np.ndarray) -> Float[np.ndarray, "time other_time"]:
    one, other = (
        each / (np.linalg.norm(each, axis=1, keepdims=True) + 1e-8) for each in (one, other)
    )
    return np.sqrt(np.maximum(2 - 2 * one @ other.T, 0))


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    program = "python -m benchmarks.make_lip_projection"
    options = tyro.cli(MakeOptions, prog=program, args=arguments)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            work = options.work or Path(temporary)
            make(data_path("grid_s1"), options.out, seed=options.seed, work=work)
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
    say(f"written: {options.out}")


if __name__ == "__main__":
    main()
