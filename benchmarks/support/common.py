"""The command line of every benchmark: options, the machine, the table, and the JSON file."""

import contextlib
import dataclasses
import datetime
import importlib.metadata
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from jaxtyping import UInt8

from videospace.metrics.ball_structure import check_ball, fraction_valid
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write
from videospace.runtime.interrupts import end_signals_as_interrupt

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
DATA_VARIABLE = "VIDEOSPACE_DATA"
COMMIT_VARIABLE = "GIT_COMMIT"
"""Names the commit where the code runs without its history."""
WHERE_IT_RUNS = ("work", "pictures", "out", "save", "store", "clips", "corpus", "pretrain_corpus")
"""Options that name folders, which stay out of the results."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BenchmarkOptions:
    """The options of every benchmark."""

    work: Path | None = None
    """Folder for clips and models that the same command uses again; None takes a temporary one."""
    out: Path | None = None
    """The file to write the results to; None takes the one in benchmarks/results."""
    save: bool = True
    """Whether to write that file."""

    def results_name(self, benchmark: str) -> str:
        """Stem of the file of results, which may depend on the options."""
        return benchmark


def run_benchmark(
    name: str,
    question: str | None,
    options_type: type[BenchmarkOptions],
    measure: Callable[[Any, Path], dict[str, Any]],
    arguments: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Read the options, measure, write the results and print them as the last line.

    A mistake of the user is printed as one line and ends the process with status 2.

    Args:
        name: Name of the module.
        question: What is measured, as the first text of ``--help``.
        options_type: A dataclass; every field becomes a flag.
        measure: Takes the options and the folder to work in, and returns the results.
        arguments: Arguments of the command line; None takes those of the process.

    Returns:
        The results with the options and the machine, as written.
    """
    program = f"python -m benchmarks.{name}"
    options = tyro.cli(options_type, prog=program, description=question, args=arguments)
    started = machine()
    if options.save and not started["git_commit"]:
        say(f"the results will name no commit: set {COMMIT_VARIABLE} where there is no repository")
    try:
        with end_signals_as_interrupt(), contextlib.ExitStack() as stack:
            work = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            results = measure(options, work)
        chosen = {k: v for k, v in dataclasses.asdict(options).items() if k not in WHERE_IT_RUNS}
        document = plain({"benchmark": name, **results, "options": chosen, "machine": started})
        if options.save:
            path = options.out or RESULTS / f"{options.results_name(name)}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as unfinished:
                unfinished.write_text(pretty(document), encoding="utf-8")
            say(f"written: {path}")
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt as interrupt:
        say("interrupted; with --work, the same command goes on from here")
        raise SystemExit(130) from interrupt
    print(json.dumps(document), flush=True)
    return document


def data_path(name: str) -> Path:
    """A file or folder of the recordings that the benchmarks measure on.

    Raises:
        UserError: The environment variable is not set, or there is no such file or folder.
    """
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        raise UserError(
            f"this benchmark measures on real recordings: set {DATA_VARIABLE} to their folder"
        )
    path = Path(folder) / name
    if not path.exists():
        raise UserError(f"expected {name} in the folder that {DATA_VARIABLE} names, got none")
    return path


def machine() -> dict[str, Any]:
    """The machine, the versions and the commit that are measured."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load_average_before": round(os.getloadavg()[0], 2),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "videospace": importlib.metadata.version("videospace"),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "git_commit": _git("rev-parse", "HEAD") or os.environ.get(COMMIT_VARIABLE),
        "git_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def fraction_of_valid_balls(
    videos: UInt8[np.ndarray, "clip time height width 3"],
    one_parent_px: Sequence[float] | np.ndarray,
    other_parent_px: Sequence[float] | np.ndarray,
    radius_px: float,
) -> float:
    """The fraction of clips that show what every bouncing ball shows.

    Args:
        videos: Clips to check.
        one_parent_px: For each of them, the height of the ball in one parent.
        other_parent_px: The same in the other one; the ball has to be between the two.
        radius_px: Radius of a true ball.
    """
    parents = zip(videos, one_parent_px, other_parent_px, strict=True)
    return fraction_valid(
        [
            check_ball(video, radius_px=radius_px, lowest_px=float(one), highest_px=float(other))
            for video, one, other in parents
        ]
    )


def medians(runs: Sequence[dict[str, Any]], names: Iterable[str]) -> dict[str, float | None]:
    """The median of some figures over runs; None where no run has the figure.

    Example:
        >>> medians([{"psnr_db": 30.0}, {"psnr_db": 32.0}, {"psnr_db": None}], ["psnr_db"])
        {'psnr_db': 31.0}
    """
    found = {name: [run[name] for run in runs if run.get(name) is not None] for name in names}
    return {name: statistics.median(values) if values else None for name, values in found.items()}


def print_table(title: str, rows: dict[str, dict[str, Any]], columns: Sequence[str]) -> None:
    """Print named rows of figures; a figure that a row lacks shows as a dash."""
    texts = [["", *columns]]
    texts += [
        [name, *(_figure(row.get(column)) for column in columns)] for name, row in rows.items()
    ]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    print(f"\n{title}")
    for text in texts:
        cells = [text[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(text[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
    print(flush=True)


def say(text: str) -> None:
    """Print what is going on to standard error, apart from the results."""
    print(text, file=sys.stderr, flush=True)


def plain(value: Any) -> Any:
    """Round figures to six digits and replace those that are not finite by None, for JSON.

    Example:
        >>> plain({"psnr_db": float("inf"), "seconds": (1.23456789, 2)})
        {'psnr_db': None, 'seconds': [1.23457, 2]}
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def pretty(document: dict[str, Any]) -> str:
    """Indented JSON with the plain numbers of a list on one line.

    Example:
        >>> print(pretty({"seeds": [0, 1]}), end="")
        {
          "seeds": [0, 1]
        }
    """
    text = json.dumps(document, indent=2)
    numbers = re.compile(r"\[\s+([-+.e\d\s,nul]+?)\s+\]")
    return numbers.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def _figure(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.3f}" if abs(value) < 2 else f"{value:,.1f}"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _cpu_model() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*words: str) -> str | None:
    try:
        command = ["git", "-C", str(ROOT), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
