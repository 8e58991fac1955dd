"""The pictures of an evaluation: embeddings, confusions, and what more clips of a word bring."""

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
"""Of a label, where the plot is 2.2 wide and high."""


def principal_components(
    embeddings: Float[np.ndarray, "clip width"],
) -> Float[np.ndarray, "clip 2"]:
    """Where clips lie in the plane in which they vary most.

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
    """Draw clips as dots, a color and a shape a word; the word stands near the middle of them."""
    places = principal_components(embeddings)
    least, most = places.min(axis=0), places.max(axis=0)
    places = 2 * (places - least) / np.maximum(most - least, 1e-12) - 1
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.add_subplot(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xticks=[], yticks=[])
    names = list(dict.fromkeys(words))
    middles = []
    for number, name in enumerate(names):
        own = places[[word == name for word in words]]
        color, shape = f"C{number % 10}", MARKERS[number // 10 % len(MARKERS)]
        axes.scatter(own[:, 0], own[:, 1], s=28, color=color, marker=shape, alpha=0.8)
        middles.append(own.mean(axis=0))
    if len(names) <= MOST_WORDS_SHOWN:
        lengths = [LETTER_WIDTH * len(name) for name in names]
        for name, place in zip(names, apart(np.array(middles), lengths), strict=True):
            axes.annotate(name, place, fontsize=9, ha="center", va="center")
    _save(figure, path)


def apart(
    places: Float[np.ndarray, "label 2"], widths: Sequence[float], height: float = LETTER_HEIGHT
) -> Float[np.ndarray, "label 2"]:
    """Move labels up until none covers another.

    Args:
        places: Their centers.
        widths: Of each, in the same unit.
        height: Of all.

    Example:
        >>> apart(np.array([[0.0, 0.0], [0.1, 0.02]]), [0.3, 0.3], 0.1).tolist()
        [[0.0, 0.0], [0.1, 0.1]]
    """
    moved = places.copy()
    done: list[int] = []
    for label in np.argsort(places[:, 1], kind="stable").tolist():
        for other in sorted(done, key=lambda index: moved[index, 1]):
            beside = abs(moved[label, 0] - moved[other, 0]) >= (widths[label] + widths[other]) / 2
            if not beside and abs(moved[label, 1] - moved[other, 1]) < height:
                moved[label, 1] = moved[other, 1] + height
        done.append(label)
    return moved


def plot_confusions(path: Path, answers: Sequence[Answer]) -> int:
    """Draw how often each word was answered for each spoken one.

    Returns:
        How many words are shown: those that were confused most often, where there are many.
    """
    worst = Counter[str]()
    for spoken, answered, times in confusions(answers):
        worst.update({spoken: times, answered: times})
    spoken_words = list(dict.fromkeys(answer.asked.word for answer in answers))
    names = sorted(spoken_words, key=lambda word: -worst[word])[:MOST_WORDS_SHOWN]
    place = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for answer in answers:
        if answer.asked.word in place and answer.words[0] in place:
            matrix[place[answer.asked.word], place[answer.words[0]]] += 1
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 2.8 + 0.26 * len(names)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.add_subplot(xlabel="answered", ylabel="spoken")
    image = axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=10)
    axes.set_yticks(range(len(names)), names, fontsize=10)
    figure.colorbar(image, label="share of the answers", shrink=0.7)
    _save(figure, path)
    return len(names)


def plot_shot_curve(path: Path, curve: Mapping[int, Scores]) -> None:
    """Draw top-1 and top-5 against the number of clips of a word, with intervals."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.add_subplot(
        xlabel="clips of each word", ylabel="right answers in %", ylim=(0, 104)
    )
    for label, of in (("first word", "top1"), ("first five", "top5")):
        shares = [getattr(scores, of) for scores in curve.values()]
        means = np.array([100 * share.mean for share in shares])
        ends = np.array([[100 * share.low, 100 * share.high] for share in shares])
        spread = np.abs(ends.T - means)
        axes.errorbar(list(curve), means, spread, label=label, marker="o", capsize=3)
    axes.set_xticks(list(curve))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", framealpha=0)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic_write(path) as unfinished:
        # Without a ground of its own it stands on a dark page, too.
        figure.savefig(unfinished, format=path.suffix[1:], dpi=120, transparent=True)
