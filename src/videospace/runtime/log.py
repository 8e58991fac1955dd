"""The log of a training run: metrics.jsonl, a progress bar, and TensorBoard."""

import contextlib
import json
import math
import sys
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write
from videospace.runtime.reading.bounded_file import complete_lines
from videospace.runtime.reading.json_reader import read_json

METRICS_FILE = "metrics.jsonl"


class RunLog:
    """Logs a training run; a context manager.

    Every record is one line of JSON in `metrics.jsonl`, written immediately. A run that resumes
    deletes the lines after the step from which it resumes, so that the file becomes what an
    uninterrupted run would have written. The progress bar is shown on standard error.

    Args:
        folder: The folder of the run; made if it does not exist.
        total_points: Number of points after which the run ends; None if something else ends it.
        resume_step: The step from which the run resumes, whose record is kept; None for a new run,
            which deletes an earlier file.
        tensorboard: Also write the scalars for TensorBoard, to `tensorboard/`.
        progress: Show the bar; None shows it if standard error is a terminal.

    Raises:
        UserError: The folder cannot be written to, the metrics of the run to resume are damaged,
            or TensorBoard is requested and not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with RunLog(Path(folder), total_points=100) as log:
        ...         log.record(step=1, points=50, seconds=0.5, psnr_db=20.0)
        ...     read_metrics(Path(folder))
        [{'step': 1, 'points': 50, 'seconds': 0.5, 'psnr_db': 20.0}]
    """

    def __init__(
        self,
        folder: Path,
        *,
        total_points: int | None = None,
        resume_step: int | None = None,
        tensorboard: bool = False,
        progress: bool | None = None,
    ):
        self._total_points = total_points
        board = _tensorboard_writer() if tensorboard else None
        try:
            kept = _rewind(folder, resume_step)
            self._file: TextIO = (folder / METRICS_FILE).open("a", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(folder, error) from error
        # TensorBoard then hides what an earlier run wrote from this step on.
        purge_step = 0 if resume_step is None else resume_step + 1
        self._board = (
            None if board is None else board(str(folder / "tensorboard"), purge_step=purge_step)
        )
        last = kept[-1] if kept else {"points": 0, "seconds": 0.0}
        self._last_points, self._last_seconds = last["points"], last["seconds"]
        # Only this process counts for the pace: a time budget starts again on resuming.
        self._pace_start = None if resume_step else (0.0, 0.0)
        self._bar = tqdm(
            total=1.0,
            bar_format="{percentage:3.0f}%|{bar:24}| {desc}",
            miniters=0,
            disable=None if progress is None else not progress,
        )

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        with contextlib.suppress(OSError):  # `record` has reported a full disk already
            self._file.close()
        if self._board is not None:
            self._board.close()

    def record(
        self,
        *,
        step: int,
        points: int,
        seconds: float,
        fraction: float | None = None,
        **scalars: float | int,
    ) -> None:
        """Write the record of a step and show it.

        A value that is not finite becomes null, which JSON allows.

        Args:
            step: Number of the step, since the start of the run.
            points: Points trained on, since the start of the run.
            seconds: Training time, since the start of the run.
            fraction: The finished fraction of the run, in [0, 1]; None means the fraction of the
                total points.
            **scalars: Further values by name; `psnr_db` is shown in the bar.

        Raises:
            UserError: The disk is full.
        """
        finite = {name: _finite_or_none(value) for name, value in scalars.items()}
        line = {"step": step, "points": points, "seconds": seconds, **finite}
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise _cannot_write(Path(self._file.name).parent, error) from error
        if self._board is not None:
            for name, value in scalars.items():
                self._board.add_scalar(name, value, step)
        self.show(points=points, seconds=seconds, fraction=fraction, psnr_db=scalars.get("psnr_db"))

    def show(
        self,
        *,
        points: int,
        seconds: float,
        fraction: float | None = None,
        psnr_db: float | None = None,
    ) -> None:
        """Move the progress bar without writing a record; `record` calls this.

        Args:
            points: Points trained on, since the start of the run.
            seconds: Training time, since the start of the run.
            fraction: The finished fraction, as in `record`.
            psnr_db: Peak signal-to-noise ratio in dB.
        """
        if fraction is None and self._total_points:
            fraction = points / self._total_points
        parts = [] if psnr_db is None else [f"{psnr_db:.1f} dB"]
        if seconds > self._last_seconds:
            rate = (points - self._last_points) / (seconds - self._last_seconds)
            parts.append(f"{rate / 1e6:.2f} M points/s")
        self._last_points, self._last_seconds = points, seconds
        if fraction is not None:
            fraction = min(max(fraction, 0.0), 1.0)
            if self._pace_start is None:
                self._pace_start = fraction, seconds
            left = seconds_left(fraction, seconds, *self._pace_start)
            if left is not None:
                parts.append(f"{tqdm.format_interval(round(left))} left")
        self._bar.set_description_str(", ".join(parts), refresh=False)
        self._bar.update((fraction or 0.0) - self._bar.n)

    def say(self, text: str) -> None:
        """Print a line on standard error, above the progress bar."""
        self._bar.write(text, file=sys.stderr)


def seconds_left(
    fraction: float, seconds: float, start_fraction: float, start_seconds: float
) -> float | None:
    """The time left at the pace so far.

    Args:
        fraction: The finished fraction, in [0, 1].
        seconds: The time now.
        start_fraction: The fraction that was finished at the start.
        start_seconds: The time at the start.

    Returns:
        The time left in seconds, or None if nothing was done since the start.

    Example:
        >>> seconds_left(0.25, 10.0, 0.0, 0.0)
        30.0
    """
    done = fraction - start_fraction
    if done <= 0:
        return None
    return (seconds - start_seconds) * (1 - fraction) / done


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Read the records of a run.

    Args:
        folder: The folder of the run.

    Returns:
        A dictionary for each record. An incomplete last line, left by a kill, is ignored.

    Raises:
        UserError: There is no `metrics.jsonl`, or a line before the last is not JSON.
    """
    path = folder / METRICS_FILE
    if not path.exists():
        raise UserError(
            f"expected the folder of a training run, but '{folder}' has no {METRICS_FILE}: "
            "give the folder of --out"
        )
    records = []
    for number, line in enumerate(complete_lines(path), start=1):
        try:
            records.append(read_json(line, f"line {number} of '{path}'"))
        except UserError as error:
            raise UserError(f"{error}: delete the line to go on without it") from error
    return records


def plot_metrics(folder: Path, path: Path) -> None:
    """Draw the training PSNR of a run over time.

    Args:
        folder: The folder of the run.
        path: The PNG file to write.

    Raises:
        UserError: The run has no record of `psnr_db`.
    """
    from matplotlib.figure import Figure

    records = [record for record in read_metrics(folder) if record.get("psnr_db") is not None]
    if not records:
        raise UserError(
            f"expected records of psnr_db in '{folder / METRICS_FILE}', got none: "
            "let the run take a few more steps"
        )
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.add_subplot(
        xlabel="training time in seconds",
        ylabel="PSNR in dB",
        title="Reconstruction while training",
    )
    seconds = [record["seconds"] for record in records]
    axes.plot(seconds, [record["psnr_db"] for record in records], marker=".", linewidth=1.5)
    axes.grid(alpha=0.3)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _rewind(folder: Path, resume_step: int | None) -> list[dict[str, Any]]:
    """Delete the records after a step, and return the others."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / METRICS_FILE
    if not path.exists():
        return []
    kept = []
    if resume_step is not None:
        kept = [record for record in read_metrics(folder) if record["step"] <= resume_step]
    with atomic_write(path) as temporary:
        lines = [json.dumps(record) + "\n" for record in kept]
        temporary.write_text("".join(lines), encoding="utf-8")
    return kept


def _tensorboard_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError(
            "TensorBoard needs the 'log' extra, which is not installed: "
            'pip install "videospace[log]"'
        ) from error
    return SummaryWriter


def _finite_or_none(value: float | int) -> float | None:
    return float(value) if math.isfinite(value) else None


def _cannot_write(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write the log of the run to '{folder}' ({error.strerror}): "
        "choose a folder you may write to, with space left"
    )
