"""``videospace lipread evaluate``."""

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch.nn import functional

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import OptionalStrategy, ProfileFolder
from videospace.lipreading.adaptation.learning import LearningSettings, learn
from videospace.lipreading.adaptation.strategies import strategy_named
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.evaluation.evaluation import (
    Learn,
    Scores,
    confusions,
    evaluate,
    score,
    shot_curve,
)
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.learning import training_clips, units_of
from videospace.lipreading.profile.model_selection import (
    WITHOUT_MODEL,
    base_model,
    checked_strategy,
)
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.recognition.recognizer import Recognizer
from videospace.reports.lipreading_page import write_page
from videospace.runtime.checkpoint import save_json
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Learn from some recordings of each word and test on the others.

    Prints how often the right word is the first, among the first three and among the first five,
    with 95 % intervals over words and seeds, and which words are confused.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    shots: int = 1
    """Recordings of each word to learn from; the other recordings are tested."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each seed chooses other recordings and learns again."""
    strategy: OptionalStrategy = None
    """The strategy to evaluate; None takes the profile's."""
    max_shots: int | None = None
    """Also evaluate one shot, two shots, and so on up to this number."""
    page: Path | None = None
    """Folder to write an HTML page with plots and film strips to."""
    json: Path | None = None
    """JSON file to write the scores to."""
    device: str = "auto"
    """Device: auto, cpu or cuda."""


def main(arguments: list[str]) -> None:
    """Evaluate, print the scores, and write them to files."""
    command = parse(Evaluate, arguments, "videospace lipread evaluate")
    if min(command.shots, command.max_shots or 1) < 1 or not command.seeds:
        raise UserError("expected at least 1 shot and 1 seed")
    profile = Profile(command.profile)
    strategy = checked_strategy(command.strategy or profile.settings.strategy)
    clips, synthetic = training_clips(profile)
    model = base_model(profile) if strategy_named(strategy).needs_model else None
    if model is None and strategy_named(strategy).needs_model:
        print(
            f"'{strategy}' needs a pretrained model and there is none: evaluating {WITHOUT_MODEL}"
        )
        strategy = WITHOUT_MODEL

    units = units_of(profile)

    def learned(shots: list[LabeledClip], seed: int) -> Recognizer:
        settings = LearningSettings(seed=seed, device=command.device)
        return learn(strategy, shots, model, settings, synthetic=synthetic, units=units)

    answers = evaluate(clips, learned, num_shots=command.shots, seeds=command.seeds)
    scores = score(answers)
    print(_table(strategy, scores))
    for spoken, answered, times in confusions(answers)[:10]:
        print(f"  {times} × '{spoken}' taken for '{answered}'")
    curve = _curve(command, clips, learned)
    for number, of in curve.items():
        print(f"{counted(number, 'shot')}: top-1 {of.top1.text()}, top-5 {of.top5.text()}")
    if command.json is not None:
        save_json(command.json, _document(strategy, scores, curve, confusions(answers)))
        print(f"wrote {command.json}")
    if command.page is not None:
        path = write_page(
            command.page,
            answers,
            clips,
            strategy=strategy,
            num_shots=command.shots,
            curve=curve,
            embeddings=None if model is None else _directions(model, clips),
            language=profile.settings.language,
            spoken_forms={word.text: word.spoken for word in profile.words()},
        )
        print(f"wrote {path}")


def _curve(command: Evaluate, clips: list[LabeledClip], learned: Learn) -> dict[int, Scores]:
    """Up to --max-shots or, for a page, up to what half of the words have clips for."""
    max_shots = command.max_shots
    if max_shots is None and command.page is not None:
        counts = sorted(Counter(clip.word for clip in clips).values())
        max_shots = min(counts[len(counts) // 2] - 1, 5)
    if not max_shots:
        return {}
    return shot_curve(clips, learned, max_shots=max_shots, seeds=command.seeds)


def _directions(model: MouthModel, clips: list[LabeledClip]) -> Float[np.ndarray, "clip width"]:
    """Normalized embeddings of the clips: only the direction of an embedding has meaning."""
    embeddings = model.embed([clip.clip for clip in clips]).clips
    return functional.normalize(embeddings, dim=-1).numpy()


def _table(strategy: str, scores: Scores) -> str:
    confident = f"confident in {100 * scores.confident_fraction:.0f} % of the answers"
    if scores.top1_when_confident is not None:
        confident += f", {100 * scores.top1_when_confident:.0f} % of these right"
    return "\n".join(
        [
            f"{strategy}: {counted(scores.num_answers, 'answer')}, "
            f"{1000 * scores.median_seconds:.0f} ms each",
            f"  top-1  {scores.top1.text()}",
            f"  top-3  {scores.top3.text()}",
            f"  top-5  {scores.top5.text()}",
            f"  {confident}",
        ]
    )


def _document(
    strategy: str, scores: Scores, curve: dict[int, Scores], wrong: list[tuple[str, str, int]]
) -> dict[str, object]:
    return {
        "strategy": strategy,
        **dataclasses.asdict(scores),
        "shot_curve": {str(number): dataclasses.asdict(of) for number, of in curve.items()},
        "confusions": [list(item) for item in wrong],
    }
