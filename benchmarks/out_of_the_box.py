"""What does a new profile recognize after one recording of each word, with nothing pretrained?

Isolated words and phrases of MIRACL's speakers, from crops of the mouth, and GRID's colors and
digits, cut from running speech, from films of the face. Figures are in per cent; intervals are over
words.
"""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.support.common import BenchmarkOptions, data_path, print_table, run_benchmark, say
from benchmarks.support.grid_words import read_grid_words
from benchmarks.support.lipreading_protocols import MIRACL_TEXTS, task_of
from videospace.lipreading.data.corpora import LabeledClip, read_corpus
from videospace.lipreading.evaluation.evaluation import Answer, ask, score
from videospace.lipreading.profile.learning import open_recognizer
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings

MIRACL_FPS = 15.0
COLUMNS = ("top1", "top5", "confident_share", "confident_wrong_share", "num_answers")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OutOfTheBoxOptions(BenchmarkOptions):
    """What does a new profile recognize with nothing pretrained?"""

    corpus: Path | None = None
    """Other people to ask: a folder of one GRID speaker with its words.tsv instead of s1, or a
    corpus in MIRACL's layout instead of MIRACL; None takes those of the recordings."""
    fps: float = MIRACL_FPS
    """Frames per second of the corpus's images."""
    speakers: tuple[str, ...] = ()
    """Speakers of MIRACL, or of the corpus; none stands for all."""
    strategy: str | None = None
    """Strategy of the profiles; None takes that of a new profile."""


def measure(options: OutOfTheBoxOptions, work: Path) -> dict[str, Any]:
    """Make a profile for each person, and ask it."""
    corpus = options.corpus
    is_grid = corpus is not None and (corpus / "words.tsv").exists()
    grid = corpus if is_grid and corpus else data_path("grid_s1")
    miracl = corpus if corpus and not is_grid else data_path("miracl")
    words = read_grid_words(grid, work=work)
    found = {"grid_words": figures(answers_of(words.shots, words.tests, options.strategy))}
    answers: list[Answer] = []
    clips = read_corpus(miracl, speakers=options.speakers or None, fps=options.fps)
    for speaker in dict.fromkeys(clip.speaker for clip in clips):
        own = [clip for clip in clips if clip.speaker == speaker]
        task = task_of("miracl-1", speaker, "all", own, ())
        new = answers_of(in_words(task.shots), in_words(task.tests), options.strategy)
        right = 100 * sum(answer.within(1) for answer in new) / len(new)
        say(f"{speaker}: top-1 {right:.1f} %")
        answers += new
    found["miracl"] = figures(answers)
    print_table("one recording of each word, per cent", found, COLUMNS)
    return found


def answers_of(
    shots: Sequence[LabeledClip], tests: Sequence[LabeledClip], strategy: str | None
) -> list[Answer]:
    """Record the shots in a new profile, and ask it about the tests."""
    settings = ProfileSettings(person=shots[0].speaker)
    with tempfile.TemporaryDirectory() as folder:
        profile = Profile.create(Path(folder) / "profile", settings)
        for shot in shots:
            profile.add_word(shot.word)
            profile.add_clip(shot.word, shot.clip, source=shot.take)
        opened = open_recognizer(profile, strategy=strategy)
        return ask(opened.recognizer, tests)


def in_words(clips: Sequence[LabeledClip]) -> list[LabeledClip]:
    """Label clips of MIRACL with what is said instead of the class."""
    return [
        dataclasses.replace(clip, word=MIRACL_TEXTS.get(clip.word, clip.word)) for clip in clips
    ]


def figures(answers: Sequence[Answer]) -> dict[str, Any]:
    """Figures in per cent; the share of wrong ones is that among the confident answers."""
    scores = score(answers)
    right = scores.top1_when_confident
    return {
        "top1": 100 * scores.top1.mean,
        "top5": 100 * scores.top5.mean,
        "top1_interval": [100 * scores.top1.low, 100 * scores.top1.high],
        "top5_interval": [100 * scores.top5.low, 100 * scores.top5.high],
        "confident_share": 100 * scores.confident_fraction,
        "confident_wrong_share": None if right is None else 100 * (1 - right),
        "num_answers": scores.num_answers,
        "seconds": scores.median_seconds,
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("out_of_the_box", __doc__, OutOfTheBoxOptions, measure, arguments)


if __name__ == "__main__":
    main()
