"""Long work beside the answers: one piece at a time, with progress, and stoppable."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from videospace.runtime.errors import UserError

Result = TypeVar("Result")
Tell = Callable[[float, str], None]
"""Is told the share that is done, in [0, 1], and how it goes; raises where the work is to end."""

FIRST_ESTIMATE_SECONDS = 1.0
"""Before that, nothing is said about the time left."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work(Generic[Result]):
    """How far a piece of work is."""

    state: Literal["idle", "running", "done", "failed", "stopped"] = "idle"
    """Idle: there has been none since the studio was started."""
    kind: str = ""
    """What is being done."""
    fraction: float = 0.0
    """The share that is done, in [0, 1]."""
    note: str = ""
    """What went wrong, or how it goes."""
    seconds_left: float | None = None
    """At most, as far as one can tell."""
    result: Result | None = None
    """What came of it, once it is done."""


class Worker(Generic[Result]):
    """Does one piece of work after another in a thread.

    Example:
        >>> worker = Worker[int]()
        >>> worker.start("count", lambda tell: 1 + 1)
        >>> worker.wait()
        >>> worker.work.result
        2
    """

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._piece: _Piece[Result] | None = None

    @property
    def work(self) -> Work[Result]:
        """The piece that was begun last."""
        piece = self._piece
        if piece is None:
            return Work()
        if piece.stop.is_set():
            return Work(state="stopped", kind=piece.work.kind, note="canceled")
        return piece.work

    def start(self, kind: str, task: Callable[[Tell], Result]) -> None:
        """Begin; what came of the piece before is forgotten.

        Args:
            kind: What is being done, in a word.
            task: Does it, and tells how far it is.

        Raises:
            UserError: The piece before is not done.
        """
        with self._alone:
            if self.work.state == "running":
                raise UserError("something is being worked on: wait for it, or cancel it first")
            self.wait()  # a piece that was stopped ends with its next step
            self._piece = _Piece(kind, task)

    def stop(self) -> None:
        """End what is being done; nothing comes of it."""
        with self._alone:
            if self._piece is not None and self.work.state == "running":
                self._piece.stop.set()

    def wait(self) -> None:
        """Until nothing is being done."""
        if self._piece is not None:
            self._piece.thread.join()


class _Stopped(Exception):
    pass


class _Piece(Generic[Result]):
    """One piece of work, begun at once."""

    def __init__(self, kind: str, task: Callable[[Tell], Result]):
        self.work: Work[Result] = Work(state="running", kind=kind, note="getting ready")
        self.stop = threading.Event()
        self._started = time.monotonic()
        self.thread = threading.Thread(target=self._run, args=(task,), daemon=True)
        self.thread.start()

    def _run(self, task: Callable[[Tell], Result]) -> None:
        try:
            result = task(self._tell)
            self._become(state="done", fraction=1.0, note="done", result=result)
        except _Stopped:
            pass
        except UserError as error:
            self._become(state="failed", note=str(error))
        except Exception:
            logging.getLogger("videospace.studio").exception("%s failed", self.work.kind)
            self._become(state="failed", note="the studio's window says more")

    def _tell(self, fraction: float, note: str) -> None:
        if self.stop.is_set():
            raise _Stopped
        seconds = time.monotonic() - self._started
        is_early = fraction <= 0 or seconds < FIRST_ESTIMATE_SECONDS
        left = None if is_early else seconds * (1 / fraction - 1)
        self._become(fraction=fraction, note=note, seconds_left=left)

    def _become(self, **changes: Any) -> None:
        self.work = dataclasses.replace(self.work, **{"seconds_left": None, **changes})
