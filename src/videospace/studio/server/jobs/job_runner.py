"""Background jobs: one at a time, with progress, and cancelable."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message, message_of

Result = TypeVar("Result")
Callback = Callable[[float, str], None]
"""Receives the fraction that is done, in [0, 1], and a note. It raises if the job has to end."""

FIRST_ESTIMATE_SECONDS = 1.0
"""The remaining time of a job is estimated only after this time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobStatus(Generic[Result]):
    """The progress of a job, and its result."""

    state: Literal["idle", "running", "done", "failed", "stopped"] = "idle"
    """Idle: there has been no job since the studio was started."""
    kind: str = ""
    """What the job does, in a word."""
    fraction: float = 0.0
    """The fraction that is done, in [0, 1]."""
    note: str = ""
    """The current step, or why the job failed."""
    seconds_left: float | None = None
    """Estimate of the longest time left; None if there is none yet."""
    result: Result | None = None
    """The result of a job that is done."""


class JobRunner(Generic[Result]):
    """Runs one job after another in a background thread.

    Example:
        >>> jobs = JobRunner[int]()
        >>> jobs.start("count", lambda callback: 1 + 1)
        >>> jobs.wait()
        >>> jobs.status.result
        2
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: _Job[Result] | None = None

    @property
    def status(self) -> JobStatus[Result]:
        """The status of the job that was started last."""
        job = self._job
        if job is None:
            return JobStatus()
        if job.stop.is_set():
            return JobStatus(state="stopped", kind=job.status.kind, note="canceled")
        return job.status

    def start(self, kind: str, task: Callable[[Callback], Result]) -> None:
        """Start a job; the result of the job before is dropped.

        Args:
            kind: What the job does, in a word.
            task: The work. It calls the callback with its progress.

        Raises:
            UserError: Another job is running.
        """
        with self._lock:
            if self.status.state == "running":
                raise UserError(Message("another job is running: wait for it, or cancel it first"))
            self.wait()  # a canceled job ends with its next callback
            self._job = _Job(kind, task)

    def stop(self) -> None:
        """Cancel the running job, if there is one."""
        with self._lock:
            if self._job is not None and self.status.state == "running":
                self._job.stop.set()

    def wait(self) -> None:
        """Wait until no job is running."""
        if self._job is not None:
            self._job.thread.join()


class _Stopped(Exception):
    pass


class _Job(Generic[Result]):
    """A job in a thread of its own."""

    def __init__(self, kind: str, task: Callable[[Callback], Result]):
        self.status: JobStatus[Result] = JobStatus(
            state="running", kind=kind, note=Message("getting ready")
        )
        self.stop = threading.Event()
        self._started = time.monotonic()
        self.thread = threading.Thread(target=self._run, args=(task,), daemon=True)
        self.thread.start()

    def _run(self, task: Callable[[Callback], Result]) -> None:
        try:
            result = task(self._report)
            self._update(state="done", fraction=1.0, note="done", result=result)
        except _Stopped:
            pass
        except UserError as error:
            self._update(state="failed", note=message_of(error))
        except Exception:
            logging.getLogger("videospace.studio").exception("%s failed", self.status.kind)
            self._update(state="failed", note=Message("the studio's terminal window says why"))

    def _report(self, fraction: float, note: str) -> None:
        if self.stop.is_set():
            raise _Stopped
        seconds = time.monotonic() - self._started
        is_early = fraction <= 0 or seconds < FIRST_ESTIMATE_SECONDS
        left = None if is_early else seconds * (1 / fraction - 1)
        self._update(fraction=fraction, note=note, seconds_left=left)

    def _update(self, **changes: Any) -> None:
        self.status = dataclasses.replace(self.status, **{"seconds_left": None, **changes})
