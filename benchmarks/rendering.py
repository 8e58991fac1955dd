"""Rendering: what does a render far larger than the training clips cost, in memory and time?

Every render runs in a process of its own, streamed into a file; its weights are random.
"""

import dataclasses
import multiprocessing
import resource
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.support.common import (
    BenchmarkOptions,
    print_table,
    run_benchmark,
    say,
)
from benchmarks.support.step_costs import matrix_product_peaks
from videospace.clips.writing import SUFFIXES, write_video
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.inrv.training.presets import preset
from videospace.metrics.complexity import multiply_adds
from videospace.runtime.device import Precision
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderingOptions(BenchmarkOptions):
    """Rendering: what does a render far larger than the training clips cost?"""

    preset: str = "fast"
    """Preset whose model is rendered, with random weights."""
    sizes: tuple[str, ...] = ("256x256x25", "1024x1024x100")
    """Sizes of the renders, height x width x frames."""
    formats: tuple[str, ...] = (".mp4", ".npy")
    """Suffixes of the files to stream into."""
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    """Precisions of the layers after the first; the peak is that of products in the same one."""
    repeats: int = 3
    """Number of renders of each kind, each in a fresh process. Figures are medians, but the memory
    is the largest."""


class RenderSize(NamedTuple):
    """Size of a render."""

    height: int
    width: int
    num_frames: int

    @property
    def num_points(self) -> int:
        """Number of points of the grid."""
        return self.height * self.width * self.num_frames


def measure(options: RenderingOptions, work: Path) -> dict[str, Any]:
    """Render every size into every format."""
    sizes = {text: parse_render_size(text) for text in options.sizes}
    formats = options.formats
    if min(options.repeats, len(formats), len(options.precisions)) < 1:
        raise UserError("expected at least 1 repeat, format and precision")
    if not set(formats) <= set(SUFFIXES):
        raise UserError(f"expected formats among {', '.join(SUFFIXES)}, got {', '.join(formats)}")
    model = random_space(options.preset).model
    # The first layer is a sum over the axes and hardly costs anything, so it does not count.
    operations = 2 * multiply_adds(model.hypernetwork.shapes[1:], 1)
    files = {
        (precision, text, suffix): render_in_processes(
            options, size, work / f"render{suffix}", precision
        )
        for text, size in sizes.items()
        for suffix in formats
        for precision in options.precisions
    }
    # Only now: Linux hands the memory peak of a process on to those that it starts.
    peaks = matrix_product_peaks(torch.device("cpu"))
    for (precision, text, _), render in files.items():
        render["points_per_second"] = sizes[text].num_points / render["seconds"]
        rate_gflops = operations * render["points_per_second"] / 1e9
        render["fraction_of_matmul_peak"] = rate_gflops / peaks[precision]
    print_table(
        f"Renders of preset {options.preset}; products reach "
        + ", ".join(f"{peaks[name]:.0f} GFLOP/s in {name}" for name in options.precisions),
        {" ".join(names): render for names, render in files.items()},
        ("peak_rss_mib", "idle_rss_mib", "seconds", "points_per_second", "fraction_of_matmul_peak"),
    )
    renders = {
        precision: {
            text: _worst({suffix: files[precision, text, suffix] for suffix in formats})
            for text in sizes
        }
        for precision in options.precisions
    }
    return {
        "renders": renders,
        "matmul_peak_gflops": peaks,
        "operations_per_point": operations,
    }


def parse_render_size(text: str) -> RenderSize:
    """Read height x width x frames.

    Example:
        >>> parse_render_size("1024x768x100").num_frames
        100
    """
    parts = text.split("x")
    if len(parts) != 3 or not all(part.isdecimal() and int(part) for part in parts):
        raise UserError(f"expected height x width x frames, such as 256x256x25, got {text}")
    return RenderSize(*map(int, parts))


def random_space(preset_name: str) -> VideoSpace:
    """An untrained space of one clip."""
    torch.manual_seed(0)
    model = InrvModel(preset(preset_name).model)
    shape = ClipShape(num_frames=25, height=64, width=64, fps=25.0)
    latent = torch.randn(1, model.config.latent.total_width)
    return VideoSpace(model, latent, ["random"], shape)


def render_in_processes(
    options: RenderingOptions, size: RenderSize, path: Path, precision: Precision
) -> dict[str, Any]:
    """Render several times, each time in a fresh process."""
    runs = []
    for _ in range(options.repeats):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as process:
            job = process.submit(render_once, options.preset, size, path, precision)
            runs.append(job.result())
        what = f"{'x'.join(map(str, size))} into {path.suffix} in {precision}"
        say(f"{what}: {runs[-1]['seconds']:.1f} s")
    return {
        "peak_rss_mib": max(run["peak_rss_mib"] for run in runs),
        "idle_rss_mib": max(run["idle_rss_mib"] for run in runs),
        "seconds": statistics.median(run["seconds"] for run in runs),
        "seconds_of_runs": [run["seconds"] for run in runs],
    }


def render_once(
    preset_name: str, size: RenderSize, path: Path, precision: Precision
) -> dict[str, float]:
    """Stream one render into a file in this process, and delete the file."""
    space = random_space(preset_name)
    _render_into(path, space, RenderSize(16, 16, 2), precision)  # what is slow only the first time
    idle_rss_mib, start = peak_rss_mib(), time.perf_counter()
    _render_into(path, space, size, precision)
    seconds = time.perf_counter() - start
    path.unlink()
    return {"seconds": seconds, "peak_rss_mib": peak_rss_mib(), "idle_rss_mib": idle_rss_mib}


def peak_rss_mib() -> float:
    """The peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # in bytes there, else in KiB


def _render_into(path: Path, space: VideoSpace, size: RenderSize, precision: Precision) -> None:
    frames = space.render_frames(
        space.latents,
        height=size.height,
        width=size.width,
        num_frames=size.num_frames,
        precision=precision,
    )
    write_video(path, frames, fps=space.clip.fps, num_frames=size.num_frames)


def _worst(formats: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Of each figure the costlier format's, and the figures of all formats."""
    renders = formats.values()
    largest = {name: max(r[name] for r in renders) for name in ("peak_rss_mib", "seconds")}
    rates = ("points_per_second", "fraction_of_matmul_peak")
    smallest = {name: min(render[name] for render in renders) for name in rates}
    return {**largest, **smallest, "formats": formats}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("rendering", __doc__, RenderingOptions, measure, arguments)


if __name__ == "__main__":
    main()
