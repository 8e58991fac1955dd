"""The page of a lipreading evaluation: scores, plots, and videos of the worst confusions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from videospace.reports import pages
from videospace.runtime.files import cannot_write
from videospace.runtime.text import counted

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
    """Write ``index.html`` with its plots and videos; it works from the disk alone.

    Args:
        folder: The folder to write to; made if it does not exist.
        answers: The answers of :func:`videospace.lipreading.evaluation.evaluation.evaluate`.
        clips: All clips of the person.
        strategy: The strategy of the recognizer.
        num_shots: How many clips of each word it learned from.
        curve: Scores by number of shots; None leaves that plot out.
        embeddings: Embeddings of ``clips``, in order; None leaves that plot out.
        language: Voice that decides which words look alike.
        spoken_forms: How words are spoken, for words that are not spoken as they are written.

    Returns:
        The path of the page.

    Raises:
        UserError: There are no answers, or the folder cannot be written to.
    """
    scores = score(answers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for earlier in folder.glob(CONFUSION.format("*")):  # may show words deleted since
            earlier.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error
    num_shown = plot_confusions(folder / "confusions.png", answers)
    if curve is not None and len(curve) < 2:
        curve = None
    if curve is not None:
        plot_shot_curve(folder / "shots.png", curve)
    if embeddings is not None and len(embeddings) < 3:
        embeddings = None
    if embeddings is not None:
        plot_embeddings(folder / "embeddings.png", embeddings, [clip.word for clip in clips])
    forms = spoken_forms or {}
    path = folder / "index.html"
    pages.write_page(
        path,
        "lipreading.html",
        person=clips[0].speaker,
        strategy=strategy,
        num_words=len({clip.word for clip in clips}),
        num_shots=num_shots,
        scores=scores,
        curve=curve,
        has_embeddings=embeddings is not None,
        num_shown=num_shown,
        confusions=_worst_confusions(
            folder, answers, clips, lambda word: visemes(forms.get(word, word), language)
        ),
        counted=counted,
    )
    return path


def _worst_confusions(
    folder: Path,
    answers: Sequence[Answer],
    clips: Sequence[LabeledClip],
    shapes: Callable[[str], tuple[str, ...]],
) -> list[dict[str, Any]]:
    """The most frequent confusions, for the template, each with a video in the folder."""
    worst = []
    for number, (spoken, answered, times) in enumerate(confusions(answers)[:NUM_WORST]):
        asked = next(a.asked for a in answers if (a.asked.word, a.words[0]) == (spoken, answered))
        other = next(clip for clip in clips if clip.word == answered)
        path = CONFUSION.format(number)
        _write_pair(folder / path, asked, other)
        look_alike = shapes(spoken) == shapes(answered) != ()
        worst.append(
            {
                "path": path,
                "spoken": spoken,
                "answered": answered,
                "times": times,
                "look_alike": look_alike,
            }
        )
    return worst


def _write_pair(path: Path, one: LabeledClip, other: LabeledClip) -> None:
    """Show two mouths side by side; the shorter clip repeats its last frame."""
    both = [clip.clip.at_fps(MODEL_FPS).frames for clip in (one, other)]
    longest = max(map(len, both))
    held = [np.concatenate([f, repeat(f[-1], "h w -> t h w", t=longest - len(f))]) for f in both]
    times = {"a": ENLARGED, "b": ENLARGED, "rgb": 3}
    frames = repeat(np.stack(held, axis=1), "t clip h w -> t clip (h a) (w b) rgb", **times)
    write_video(path, frames, fps=MODEL_FPS)
