"""A demo in miniature, made once."""

import contextlib
import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.training.config import BatchConfig
from videospace.inrv.training.presets import tiny
from videospace.reports.demo.run import DemoConfig, run_demo

BALLS = BouncingBallConfig(num_clips=7, num_frames=5, size="16x24", radius_px=3.0, fps=10.0)
NUM_POINTS = 60 * 7 * 128.0
TRAINING = dataclasses.replace(
    tiny(),
    model=dataclasses.replace(tiny().model, inr=InrConfig(hidden_width=16, num_hidden_layers=2)),
    batch=BatchConfig(num_clips=7, points_per_clip=128),
    total_points=NUM_POINTS,
)


def run_in_miniature(out: Path, **config) -> tuple[dict, str]:
    """Seven small clips, 60 steps: the scores, and what was printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        settings = DemoConfig(out=out, **config)
        scores = run_demo(settings, progress=False, balls=BALLS, training=TRAINING)
    return scores, printed.getvalue()


@pytest.fixture
def run_small() -> Callable[..., tuple[dict, str]]:
    """`run_in_miniature` as a fixture."""
    return run_in_miniature


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, str]:
    """Folder, scores and printed words of a finished demo; tests only read it."""
    out = tmp_path_factory.mktemp("demos") / "<first> & best $demo"
    return out, *run_in_miniature(out, seed=3)
