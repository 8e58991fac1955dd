"""The demo: train a space on BouncingBall, measure it, and write a page that shows it."""

import dataclasses
import math
from pathlib import Path
from typing import Annotated, Any

import tyro

from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.evaluation import evaluate
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import tiny
from videospace.reports.demo.page import write_page
from videospace.reports.demo.scores import measure
from videospace.reports.demo.videos import make_videos
from videospace.runtime.checkpoint import save_json
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write
from videospace.runtime.log import plot_metrics
from videospace.runtime.reading.json_reader import read_json_file

SETTINGS_FILE = "demo.json"
"""File in the folder of a demo, with its settings."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Train a space on bouncing balls, and write a page that shows what it can do.

    Raises:
        UserError: The time budget is below 1 second.

    Example:
        >>> DemoConfig(seed=1).time_budget_seconds
        60.0
    """

    out: Path = Path("videospace-demo")
    """Folder of the page, the space and the clips. If it holds an interrupted demo with the same
    settings, the demo continues there; for a finished one the page is written again, without
    training."""
    seed: int = 0
    """Seed of the training and of all random samples."""
    time_budget_seconds: Annotated[float, tyro.conf.arg(name="time-budget")] = 60.0
    """Longest training time in seconds, over all runs; two idle CPU cores need less."""

    def __post_init__(self) -> None:
        if not 1 <= self.time_budget_seconds < math.inf:
            raise UserError(
                f"expected a time budget of at least 1 second, got {self.time_budget_seconds:g}"
            )


def run_demo(
    config: DemoConfig | None = None,
    *,
    progress: bool | None = None,
    balls: BouncingBallConfig | None = None,
    training: TrainingConfig | None = None,
) -> dict[str, Any]:
    """Make clips, train a space on them, measure it, write a page, and print its path.

    Args:
        config: Folder, seed and time budget; None means the defaults.
        progress: Show progress bars; None shows them in a terminal.
        balls: The clips; None means the published set, 50 clips of 25 frames of 50x50 px.
        training: How to train, except for the seed; None means the ``tiny`` preset.

    Returns:
        The scores in ``scores.json``; ``videospace.reports.demo.scores.LABELS`` explains them.

    Raises:
        UserError: The folder holds other files or another demo, or cannot be written to.
        KeyboardInterrupt: The training was interrupted; the same call continues it.
    """
    config, balls = config or DemoConfig(), balls or BouncingBallConfig()
    training = dataclasses.replace(training or tiny(), seed=config.seed)
    if balls.num_clips < 2:
        raise UserError(f"expected at least 2 clips to interpolate between, got {balls.num_clips}")
    _require_own_folder(config)
    store = write_bouncing_ball(config.out / "clips", balls)
    options = TrainingOptions(
        time_budget_seconds=config.time_budget_seconds,
        checkpoint_seconds=15.0,
        log_every=5,
        progress=progress,
    )
    report = train(store, config.out / "space", training, options)
    if not report.finished:
        raise KeyboardInterrupt("the demo was stopped: run the same command again to continue")

    space = VideoSpace.from_pretrained(config.out / "space", choose_device())
    evaluation = evaluate(space, store, progress=progress is not False)
    scores = measure(space, evaluation, report, balls, config.seed, progress=progress)
    names = ("psnr_db", "psnr_moving_db", "ssim", "valid_interpolations")
    space.scores = {name: scores[name] for name in names}
    space.save_pretrained(config.out / "space")
    videos = make_videos(space, store, evaluation, config.out, config.seed, progress=progress)
    plot_metrics(config.out / "space", config.out / "loss.png")
    save_json(config.out / "scores.json", scores)
    page = write_page(config.out, scores, videos, space)
    print(
        f"Open {page.resolve()} in a browser.\n"
        f"Trained for {scores['train_seconds']:.0f} s; reconstructions reach "
        f"{scores['psnr_db']:.1f} dB; {scores['valid_interpolations']:.0%} of "
        f"{scores['num_interpolations']} interpolated clips show one whole ball that moves "
        "correctly."
    )
    return scores


def _require_own_folder(config: DemoConfig) -> None:
    """Use the folder if it is new, empty, or holds the same demo; refuse any other."""
    settings = {"seed": config.seed, "time_budget_seconds": float(config.time_budget_seconds)}
    path = config.out / SETTINGS_FILE
    if path.is_file():
        earlier = read_json_file(path)
        for name, value in settings.items():
            if earlier.get(name) != value:
                raise UserError(
                    f"'{config.out}' holds a demo with {name} {earlier.get(name)}, not {value}: "
                    "choose another folder with --out, or delete this one"
                )
        return
    try:
        config.out.mkdir(parents=True, exist_ok=True)
        others = sorted(file.name for file in config.out.iterdir() if file.name[0] != ".")
    except OSError as error:
        raise cannot_write(config.out, error) from error
    if others:
        raise UserError(
            f"expected a new or empty folder, or one of an earlier demo, but '{config.out}' holds "
            f"'{others[0]}': choose another folder with --out"
        )
    save_json(path, settings)
