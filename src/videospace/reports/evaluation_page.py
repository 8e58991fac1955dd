"""The page of an evaluation: what is recognized, what is confused, and what it looks like."""

import html
import importlib.resources
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template

import numpy as np
from einops import repeat
from jaxtyping import Float

from videospace.clips.writing import write_video
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.evaluation.evaluation import Answer, Scores, confusions, score
from videospace.lipreading.evaluation.plots import (
    plot_confusions,
    plot_embeddings,
    plot_shot_curve,
)
from videospace.lipreading.mouth.mouth_clip import MODEL_FPS
from videospace.lipreading.phonetics.visemes import visemes
from videospace.lipreading.text import counted
from videospace.runtime.files import atomic_write, cannot_write

NUM_WORST = 6
CONFUSION = "confusion-{}.mp4"
ENLARGED = 2


def write_page(
    folder: Path,
    answers: Sequence[Answer],
    clips: Sequence[LabeledClip],
    *,
    strategy: str,
    num_shots: int,
    curve: Mapping[int, Scores] | None = None,
    embeddings: Float[np.ndarray, "clip width"] | None = None,
    language: str = "en-us",
    spoken_forms: Mapping[str, str] | None = None,
) -> Path:
    """Write ``index.html`` with its pictures and films; it works from the disk alone.

    Args:
        folder: To write into; made where it does not exist.
        answers: Of :func:`videospace.lipreading.evaluation.evaluation.evaluate`.
        clips: All clips of the person.
        strategy: How the recognizer learned.
        num_shots: Clips of each word it learned from.
        curve: Scores by number of shots; None leaves that part out.
        embeddings: Of ``clips``, in order; None leaves the plot out.
        language: Voice for telling which words look alike.
        spoken_forms: How words are spoken, where it is not their text.

    Returns:
        The page.

    Raises:
        UserError: There are no answers, or the folder cannot be written to.
    """
    scores = score(answers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for earlier in folder.glob(CONFUSION.format("*")):  # of words that may be deleted by now
            earlier.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error
    num_words = len({clip.word for clip in clips})
    num_shown = plot_confusions(folder / "confusions.png", answers)
    all_or_worst = "All words" if num_shown == num_words else f"The {num_shown} most confused words"
    forms = spoken_forms or {}
    page = _template().substitute(
        person=html.escape(clips[0].speaker),
        strategy=html.escape(strategy),
        num_words=counted(num_words, "word"),
        num_shots=counted(num_shots, "recording"),
        num_answers=counted(scores.num_answers, "answer"),
        top1=scores.top1.text(),
        top3=scores.top3.text(),
        top5=scores.top5.text(),
        sure=_sure_text(scores),
        curve=_curve_section(folder, curve),
        embeddings=_embeddings_section(folder, embeddings, clips),
        matrix_note=f"{all_or_worst}: a row for each spoken word, "
        "a column for each answer; what lies on the diagonal is right.",
        worst=_worst(folder, answers, clips, lambda word: visemes(forms.get(word, word), language)),
    )
    path = folder / "index.html"
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _template() -> Template:
    page = importlib.resources.files("videospace.reports").joinpath("templates/evaluation.html")
    return Template(page.read_text(encoding="utf-8"))


def _sure_text(scores: Scores) -> str:
    text = f"It was confident in {100 * scores.confident_fraction:.0f} % of the answers"
    if scores.top1_when_confident is not None:
        text += f"; {100 * scores.top1_when_confident:.0f} % of these were right"
    return f"{text}. An answer took {1000 * scores.median_seconds:.0f} ms (median)."


def _section(name: str, title: str, text: str, picture: str = "", description: str = "") -> str:
    image = f'<img class="plot" src="{picture}" alt="{html.escape(description)}">'
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2><p>{text}</p>'
        f"{image if picture else ''}</section>"
    )


def _curve_section(folder: Path, curve: Mapping[int, Scores] | None) -> str:
    title = "What more recordings of a word bring"
    if not curve or len(curve) < 2:
        return _section("shots", title, "Not measured: most words need three recordings for it.")
    plot_shot_curve(folder / "shots.png", curve)
    said = "; ".join(
        f"{number}: {100 * scores.top1.mean:.0f} % and {100 * scores.top5.mean:.0f} %"
        for number, scores in curve.items()
    )
    text = (
        "How often the first word, and how often one of the first five, is right, by the number of "
        f"recordings learned from: {said}. The same clips are asked about each time; bars are 95 % "
        "intervals."
    )
    return _section("shots", title, text, "shots.png", f"First and first five by clips: {said}")


def _embeddings_section(
    folder: Path, embeddings: np.ndarray | None, clips: Sequence[LabeledClip]
) -> str:
    title = "Where the clips lie"
    if embeddings is None or len(embeddings) < 3:
        return _section("plane", title, "Not drawn: it needs a pretrained model and three clips.")
    plot_embeddings(folder / "embeddings.png", embeddings, [clip.word for clip in clips])
    text = (
        "Each mark is a clip, each color and shape a word, in the plane in which the clips differ "
        "most. Words whose marks lie apart are told apart."
    )
    picture = "embeddings.png"
    return _section("plane", title, text, picture, "Marks of clips by word")


def _worst(
    folder: Path,
    answers: Sequence[Answer],
    clips: Sequence[LabeledClip],
    shapes: Callable[[str], tuple[str, ...]],
) -> str:
    figures = []
    for number, (spoken, answered, times) in enumerate(confusions(answers)[:NUM_WORST]):
        asked = next(a.asked for a in answers if (a.asked.word, a.words[0]) == (spoken, answered))
        other = next(clip for clip in clips if clip.word == answered)
        name = CONFUSION.format(number)
        _write_pair(folder / name, asked, other)
        alike = shapes(spoken) == shapes(answered) != ()
        hint = " They look alike on the lips: choose other words for one of them." if alike else ""
        label = f"{spoken}, taken for {answered}"
        figures.append(
            f'<figure><video src="{name}" aria-label="{html.escape(label)}" controls muted loop '
            f'playsinline preload="auto"></video><figcaption><b>{html.escape(spoken)}</b> (left) '
            f"taken for <b>{html.escape(answered)}</b> (right), {counted(times, 'time')}.{hint}"
            "</figcaption></figure>"
        )
    if not figures:
        return "<p>There were none.</p>"
    return f'<div class="clips">{"".join(figures)}</div>'


def _write_pair(path: Path, one: LabeledClip, other: LabeledClip) -> None:
    """Two mouths side by side; the one that is done first waits for the other."""
    both = [clip.clip.at_fps(MODEL_FPS).frames for clip in (one, other)]
    longest = max(map(len, both))
    held = [np.concatenate([f, repeat(f[-1], "h w -> t h w", t=longest - len(f))]) for f in both]
    times = {"a": ENLARGED, "b": ENLARGED, "rgb": 3}
    frames = repeat(np.stack(held, axis=1), "t clip h w -> t clip (h a) (w b) rgb", **times)
    write_video(path, frames, fps=MODEL_FPS)
