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

from benchmarks.common import (
    BenchmarkOptions,
    matrix_product_gflops,
    print_table,
    run_benchmark,
    say,
)
from videospace.clips.video_output import SUFFIXES, write_video
from videospace.inrv.model import InrvModel
from videospace.inrv.space import ClipShape, VideoSpace
from videospace.metrics.complexity import multiply_adds
from videospace.presets import preset
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderingOptions(BenchmarkOptions):
    """Rendering: what does a render far larger than the training clips cost?"""

    preset: str = "fast"
    """Whose model to render; its weights are random."""
    sizes: tuple[str, ...] = ("256x256x25", "1024x1024x100")
    """Renders, height x width x frames."""
    formats: tuple[str, ...] = (".mp4", ".npy")
    """Files to stream into."""
    repeats: int = 3
    """Renders of each kind, each in a fresh process; figures are medians, memory the largest."""


class RenderSize(NamedTuple):
    """What to render."""

    height: int
    width: int
    num_frames: int

    @property
    def num_points(self) -> int:
        """Points of the grid."""
        return self.height * self.width * self.num_frames


def measure(options: RenderingOptions, work: Path) -> dict[str, Any]:
    """Render every size into every format."""
    sizes = {text: parse_render_size(text) for text in options.sizes}
    if options.repeats < 1 or not options.formats or not set(options.formats) <= set(SUFFIXES):
        raise UserError(
            f"expected at least 1 repeat and formats among {', '.join(SUFFIXES)}, "
            f"came {options.repeats} and {', '.join(options.formats)}"
        )
    model = random_space(options.preset).model
    # The first layer is a sum over the axes and hardly costs anything, so it does not count.
    operations = 2 * multiply_adds(model.hypernetwork.shapes[1:], 1)
    files = {
        text: {
            suffix: render_in_processes(options, size, work / f"render{suffix}")
            for suffix in options.formats
        }
        for text, size in sizes.items()
    }
    # Only now: Linux hands the memory peak of a process on to those that it starts.
    peak_gflops = matrix_product_gflops()
    renders = {}
    for text, by_format in files.items():
        num_points = sizes[text].num_points
        for render in by_format.values():
            render["points_per_second"] = num_points / render["seconds"]
            rate_gflops = operations * render["points_per_second"] / 1e9
            render["share_of_matmul_peak"] = rate_gflops / peak_gflops
        renders[text] = _worst(list(by_format.values())) | {"formats": by_format}
    print_table(
        f"Renders of preset {options.preset}; matrix products reach {peak_gflops:.0f} GFLOP/s here",
        {f"{t} {s}": render for t, found in files.items() for s, render in found.items()},
        ("peak_rss_mib", "idle_rss_mib", "seconds", "points_per_second", "share_of_matmul_peak"),
    )
    return {
        "renders": renders,
        "matmul_peak_gflops": peak_gflops,
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
        raise UserError(f"expected height x width x frames, such as 256x256x25, came {text}")
    return RenderSize(*map(int, parts))


def random_space(preset_name: str) -> VideoSpace:
    """A space of one clip that has learned nothing."""
    torch.manual_seed(0)
    model = InrvModel(preset(preset_name).model)
    shape = ClipShape(num_frames=25, height=64, width=64, fps=25.0)
    latent = torch.randn(1, model.config.latent.total_width)
    return VideoSpace(model, latent, ["random"], shape)


def render_in_processes(options: RenderingOptions, size: RenderSize, path: Path) -> dict[str, Any]:
    """Render again and again, each time in a fresh process."""
    runs = []
    for _ in range(options.repeats):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as process:
            runs.append(process.submit(render_once, options.preset, size, path).result())
        say(f"{'x'.join(map(str, size))} into {path.suffix}: {runs[-1]['seconds']:.1f} s")
    return {
        "peak_rss_mib": max(run["peak_rss_mib"] for run in runs),
        "idle_rss_mib": max(run["idle_rss_mib"] for run in runs),
        "seconds": statistics.median(run["seconds"] for run in runs),
        "seconds_of_runs": [run["seconds"] for run in runs],
    }


def render_once(preset_name: str, size: RenderSize, path: Path) -> dict[str, float]:
    """Stream one render into a file, in this process; the file is deleted again."""
    space = random_space(preset_name)
    _render_into(path, space, RenderSize(16, 16, 2))  # what is slow only the first time
    idle_rss_mib, start = peak_rss_mib(), time.perf_counter()
    _render_into(path, space, size)
    seconds = time.perf_counter() - start
    path.unlink()
    return {"seconds": seconds, "peak_rss_mib": peak_rss_mib(), "idle_rss_mib": idle_rss_mib}


def peak_rss_mib() -> float:
    """The most memory that this process has had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # in bytes there, else in KiB


def _render_into(path: Path, space: VideoSpace, size: RenderSize) -> None:
    frames = space.render_frames(
        space.latents, height=size.height, width=size.width, num_frames=size.num_frames
    )
    write_video(path, frames, fps=space.clip.fps, num_frames=size.num_frames)


def _worst(renders: list[dict[str, Any]]) -> dict[str, float]:
    """The figures of the costlier format, one by one."""
    largest = {name: max(r[name] for r in renders) for name in ("peak_rss_mib", "seconds")}
    rates = ("points_per_second", "share_of_matmul_peak")
    return largest | {name: min(render[name] for render in renders) for name in rates}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("rendering", __doc__, RenderingOptions, measure, arguments)


if __name__ == "__main__":
    main()
