"""Costs of a training step: its operations, its memory, and the time of each part."""

import contextlib
import dataclasses
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
import torch

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.training import step as training_step
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.optimizers import MovingAverage, RowAdam
from videospace.inrv.training.state import TrainingState
from videospace.metrics.complexity import multiply_adds

PARTS: dict[str, list[tuple[Any, str]]] = {
    "points": [
        (TrainingClips, "uniform_points"),
        (TrainingClips, "important_points"),
        (TrainingClips, "colors"),
    ],
    "encoding": [(training_step, "gather_points")],
    "hypernetwork": [(InrvModel, "latents"), (InrvModel, "inrs")],
    "inr": [(InrvModel, "colors")],
    "backward": [(torch.Tensor, "backward")],
    "optimizer": [
        (training_step, "shorten_gradients"),
        (torch.optim.Adam, "step"),
        (RowAdam, "step"),
        (MovingAverage, "update"),
    ],
}
"""The calls of a step by their purpose; the rest of a step is called other."""
SIZES = {"cpu": (512, 1024, 2048), "cuda": (2048, 4096, 8192)}
"""By kind of device, the heights and widths of the matrices whose products give the peak."""
PRODUCT_SECONDS = 0.5
"""About how many seconds the products of one size may take together."""
MOST_REPEATS = 30


def clip_points(config: TrainingConfig, store: ClipStore) -> int:
    """Number of points of a clip in a step."""
    whole = store.height * store.width  # one frame: with keyframes, an INR is made for one time
    if config.model.latent.num_keyframes == 1:
        whole *= store.num_frames
    return config.batch.points_per_clip or whole


def operations(config: TrainingConfig, store: ClipStore, num_points: int) -> float:
    """Operations of the matrix products of training on so many points.

    A multiply–add counts as two. Every weight is used in three products, forward and for the
    gradients of inputs and weights; only the first layer of the INR passes no gradient on. The
    INR's weights count once a point, those of the linear layers that make them once for each clip
    of a step. Everything else counts as nothing.
    """
    with torch.device("meta"):  # for the shapes alone
        model = InrvModel(config.model)
    first, *rest = model.hypernetwork.shapes
    inr = 2 * multiply_adds([first], num_points) + 3 * multiply_adds(rest, num_points)
    linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    shapes = [(module.out_features, module.in_features) for module in linear]
    num_inrs = num_points / clip_points(config, store)
    return 2 * (inr + 3 * num_inrs * multiply_adds(shapes, 1))


def matrix_product_peaks(device: torch.device) -> dict[str, float]:
    """The best rates of large products in either precision, in 10⁹ operations a second.

    A size is left out where one product would take long, as bfloat16 does on some processors.
    """
    return {
        str(dtype).removeprefix("torch."): _best_gflops(device, dtype)
        for dtype in (torch.float32, torch.bfloat16)
    }


def _best_gflops(device: torch.device, dtype: torch.dtype) -> float:
    best = 0.0
    for size in SIZES[device.type]:
        if best and 2 * size**3 / best / 1e9 > PRODUCT_SECONDS / 4:
            break
        left, right = torch.randn(2, size, size, device=device).to(dtype)
        first = now(device)
        for _ in range(MOST_REPEATS):
            start = now(device)
            _ = left @ right
            end = now(device)
            best = max(best, 2 * size**3 / (end - start) / 1e9)
            if end - first > PRODUCT_SECONDS:
                break
    return best


def now(device: torch.device) -> float:
    """The time in seconds after a device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


@contextlib.contextmanager
def peak_memory(every_seconds: float = 0.05) -> Iterator[dict[str, float]]:
    """Measure the peak memory of this process inside the block, and fill the figures at its end."""
    figures: dict[str, float] = {}
    process, over = psutil.Process(), threading.Event()
    peak = [process.memory_info().rss]

    def watch() -> None:
        while not over.wait(every_seconds):
            peak.append(max(peak.pop(), process.memory_info().rss))

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield figures
    finally:
        over.set()
        thread.join()
        figures["peak_rss_mib"] = peak[0] / 2**20
        if torch.cuda.is_available():
            figures["peak_gpu_mib"] = torch.cuda.max_memory_allocated() / 2**20


def seconds_by_part(
    store: ClipStore, config: TrainingConfig, device: torch.device, num_steps: int
) -> dict[str, float]:
    """Train for some steps with a clock around every part of a step.

    Returns:
        Seconds of a step by part, in the mean of all steps but the first. Waiting for a GPU after
        each part makes the whole somewhat longer than a step without clocks.
    """
    num_clips = min(config.batch.num_clips, len(store.rows("train")))
    total_points = float(num_steps * num_clips * clip_points(config, store))
    config = dataclasses.replace(config, total_points=total_points, curriculum=False)
    spent: defaultdict[str, float] = defaultdict(float)
    running: list[str] = []
    ends: list[float] = []

    def after_step(_: TrainingState) -> None:
        if not ends:
            spent.clear()
        ends.append(now(device))

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for part, calls in PARTS.items():
            for owner, name in calls:
                timed = _timed(getattr(owner, name), part, spent, running, device)
                stack.enter_context(mock.patch.object(owner, name, timed))
        options = TrainingOptions(progress=False, device=device.type)
        train(store, folder / "space", config, options, after_step)
    count = max(1, len(ends) - 1)
    parts = {part: spent[part] / count for part in PARTS}
    step = (ends[-1] - ends[0]) / count
    return {**parts, "other": max(0.0, step - sum(parts.values())), "step": step}


def _timed(
    function: Callable[..., Any],
    part: str,
    spent: dict[str, float],
    running: list[str],
    device: torch.device,
) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if running:  # within another part, or the same one
            return function(*arguments, **named)
        running.append(part)
        start = now(device)
        try:
            return function(*arguments, **named)
        finally:
            spent[part] += now(device) - start
            running.clear()

    return call
