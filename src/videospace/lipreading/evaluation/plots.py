"""Plots of an evaluation: embeddings, confusions, and accuracy by the number of shots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from videospace.lipreading.evaluation.evaluation import Answer, Scores, confusions
from videospace.runtime.files import atomic_write

MOST_WORDS_SHOWN = 30
MARKERS = "o^sDvP"
LETTER_WIDTH, LETTER_HEIGHT = 0.024, 0.06
"""Size of a letter of a label, where the plot is 2.2 wide and high."""


def principal_components(
    embeddings: Float[np.ndarray, "clip width"],
) -> Float[np.ndarray, "clip 2"]:
    """Project clips onto the plane in which they vary most.

    Example:
        >>> abs(principal_components(np.array([[3.0, 4.0], [-3.0, -4.0], [0.0, 0.0]]))).round(6)
        array([[5., 0.],
               [5., 0.],
               [0., 0.]])

    Source: Pearson (1901).
    """
    centered = embeddings - embeddings.mean(axis=0)
    left, singular, _ = np.linalg.svd(centered, full_matrices=False)
    plane = np.zeros((len(embeddings), 2))
    plane[:, : len(singular)] = (left * singular)[:, :2]
    return plane


def plot_embeddings(
    path: Path, embeddings: Float[np.ndarray, "clip width"], words: Sequence[str]
) -> None:
    """Draw clips as dots, with a color and a shape for each word and the word near their center."""
    points = principal_components(embeddings)
    least, most = points.min(axis=0), points.max(axis=0)
    points = 2 * (points - least) / np.maximum(most - least, 1e-12) - 1
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.add_subplot(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xticks=[], yticks=[])
    names = list(dict.fromkeys(words))
    centers = []
    for number, name in enumerate(names):
        own = points[[word == name for word in words]]
        color, shape = f"C{number % 10}", MARKERS[number // 10 % len(MARKERS)]
        axes.scatter(own[:, 0], own[:, 1], s=28, color=color, marker=shape, alpha=0.8)
        centers.append(own.mean(axis=0))
    if len(names) <= MOST_WORDS_SHOWN:
        lengths = [LETTER_WIDTH * len(name) for name in names]
        for name, center in zip(names, spread_labels(np.array(centers), lengths), strict=True):
            axes.annotate(name, center, fontsize=9, ha="center", va="center")
    _save(figure, path)


def spread_labels(
    centers: Float[np.ndarray, "label 2"], widths: Sequence[float], height: float = LETTER_HEIGHT
) -> Float[np.ndarray, "label 2"]:
    """Move labels up until none covers another.

    Args:
        centers: The centers of the labels.
        widths: The width of each label, in the same unit.
        height: The height of all labels.

    Example:
        >>> spread_labels(np.array([[0.0, 0.0], [0.1, 0.02]]), [0.3, 0.3], 0.1).tolist()
        [[0.0, 0.0], [0.1, 0.1]]
    """
    moved = centers.copy()
    done: list[int] = []
    for label in np.argsort(centers[:, 1], kind="stable").tolist():
        for other in sorted(done, key=lambda index: moved[index, 1]):
            beside = abs(moved[label, 0] - moved[other, 0]) >= (widths[label] + widths[other]) / 2
            if not beside and abs(moved[label, 1] - moved[other, 1]) < height:
                moved[label, 1] = moved[other, 1] + height
        done.append(label)
    return moved


def plot_confusions(path: Path, answers: Sequence[Answer]) -> int:
    """Draw how often each word was answered for each spoken word.

    Returns:
        The number of words that are shown: where there are many, the most confused ones.
    """
    worst = Counter[str]()
    for spoken, answered, times in confusions(answers):
        worst.update({spoken: times, answered: times})
    spoken_words = list(dict.fromkeys(answer.asked.word for answer in answers))
    names = sorted(spoken_words, key=lambda word: -worst[word])[:MOST_WORDS_SHOWN]
    row = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for answer in answers:
        if answer.asked.word in row and answer.words[0] in row:
            matrix[row[answer.asked.word], row[answer.words[0]]] += 1
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 2.8 + 0.26 * len(names)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.add_subplot(xlabel="answered", ylabel="spoken")
    image = axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=10)
    axes.set_yticks(range(len(names)), names, fontsize=10)
    figure.colorbar(image, label="fraction of the answers", shrink=0.7)
    _save(figure, path)
    return len(names)


def plot_shot_curve(path: Path, curve: Mapping[int, Scores]) -> None:
    """Draw top-1 and top-5 accuracy by the number of shots, with intervals."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.add_subplot(
        xlabel="clips of each word", ylabel="right answers in %", ylim=(0, 104)
    )
    for label, of in (("first word", "top1"), ("first five", "top5")):
        intervals = [getattr(scores, of) for scores in curve.values()]
        means = np.array([100 * interval.mean for interval in intervals])
        ends = np.array([[100 * interval.low, 100 * interval.high] for interval in intervals])
        spread = np.abs(ends.T - means)
        axes.errorbar(list(curve), means, spread, label=label, marker="o", capsize=3)
    axes.set_xticks(list(curve))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", framealpha=0)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic_write(path) as unfinished:
        # A transparent background fits dark pages, too.
        figure.savefig(unfinished, format=path.suffix[1:], dpi=120, transparent=True)
