"""Watching a training: what the space is at several moments, without the clock running."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.common import say
from benchmarks.step_costs import now
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.state import TrainingState
from videospace.runtime.checkpoint import load_tensors, save_tensors
from videospace.runtime.files import written_whole

FIRST_MOMENT = 1 / 128
"""The first measured moment, as a share of the budget; the others follow in equal ratios."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What a run was at some time."""

    seconds: float
    """Since the call of ``train``, without pauses."""
    file: Path
    """Weights and codes."""


class Watch:
    """Saves what a run is at several moments, the last one included; for ``on_step``.

    Args:
        folder: To save to.
        budget_seconds: Time of training of the run.
        num_measurements: How often it saves, at times in equal ratios.
    """

    def __init__(self, folder: Path, budget_seconds: float, num_measurements: int) -> None:
        ratio = FIRST_MOMENT ** (1 / (num_measurements - 1))
        self.snapshots: list[Snapshot] = []
        self.paused_seconds = 0.0
        self.setup_seconds = 0.0
        self.precision = "float32"
        self._folder = folder
        self._budget_seconds = budget_seconds
        self._due = [budget_seconds * ratio**number for number in range(1, num_measurements)]
        self._started = time.perf_counter()

    def __call__(self, state: TrainingState) -> None:
        """After every step."""
        progress = state.progress
        if progress.step == 1:
            self.setup_seconds = time.perf_counter() - self._started - progress.seconds
            self.precision = progress.precision
        is_last = progress.seconds >= self._budget_seconds
        seconds = progress.seconds - self.paused_seconds
        if not is_last and not (self._due and seconds >= self._due[-1]):
            return
        start = now(state.codes.device)
        while self._due and seconds >= self._due[-1]:
            self._due.pop()
        file = self._folder / f"{len(self.snapshots)}.safetensors"
        averaged = state.config.optimizer.average_decay > 0
        weights = state.average.weights if averaged else state.model.state_dict()
        save_tensors(file, {**weights, "codes": state.codes})
        self.snapshots.append(Snapshot(self.setup_seconds + seconds, file))
        if not is_last:
            self.paused_seconds += now(state.codes.device) - start


def restore(space: VideoSpace, file: Path, config: TrainingConfig) -> None:
    """Give a space the weights and latents of a moment."""
    tensors, _ = load_tensors(file, str(space.device))
    codes = tensors.pop("codes")
    model = InrvModel(config.model).to(space.device)
    model.load_state_dict(tensors)
    space.model = model.eval().requires_grad_(False)
    with torch.no_grad():
        space.latents = torch.cat([model.latents(some, None) for some in codes.split(1024)])


Curve = dict[str, list[float]]
"""Seconds, and the PSNR in dB at each of them."""


def plot(
    path: Path, curves: dict[str, list[Curve]], targets: Sequence[float], *, title: str
) -> None:
    """Draw the quality over time: a color for each preset, a line for each of its runs."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for number, (name, runs) in enumerate(curves.items()):
        for curve in runs:
            label = name if curve is runs[0] else None
            axes.plot(
                *(curve["seconds"], curve["psnr_db"], "o-"),
                **{"markersize": 3, "color": f"C{number}", "label": label},
            )
    for target in targets:
        axes.axhline(target, color="0.8", linewidth=0.8, zorder=0)
    axes.set_title(title)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("seconds since the start of training")
    axes.set_ylabel("PSNR of rendered training clips, dB")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    say(f"written: {path}")
