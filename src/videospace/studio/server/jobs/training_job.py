"""Run training in a separate process; it reports progress and can be canceled."""

import contextlib
import dataclasses
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.adaptation.strategies import StrategyName
from videospace.lipreading.profile.learning import train
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message, message_of
from videospace.studio.server.uploads.sandbox import end_with_parent


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingProgress:
    """The progress of a training."""

    state: Literal["idle", "running", "done", "failed", "stopped"] = "idle"
    """Idle: there has been no training since the studio was started."""
    fraction: float = 0.0
    """The fraction that is done, in [0, 1]."""
    note: str = ""
    """The current step, or why the training failed."""


class TrainingJob:
    """Trains on one profile, one training at a time. The trained model is kept in the profile.

    Args:
        profile: The profile.
        when_done: Called after a training that succeeded.
    """

    def __init__(self, profile: Profile, when_done: Callable[[], None]):
        self._profile = profile
        self._when_done = when_done
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self.progress = TrainingProgress()

    def start(self, strategy: StrategyName, settings: LearningSettings) -> None:
        """Start a training.

        Raises:
            UserError: A training is running.
        """
        with self._lock:
            if self.progress.state == "running":
                raise UserError(Message("a training is running: wait for it, or stop it first"))
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_train, args=(theirs, self._profile.folder, strategy, settings), daemon=True
            )
            process.start()
            theirs.close()
            self._process = process
            self.progress = TrainingProgress(state="running", note=Message("getting ready"))
        threading.Thread(target=self._follow, args=(ours,), daemon=True).start()

    def stop(self) -> None:
        """Stop the running training; nothing of it is kept."""
        with self._lock:
            if self._process is not None and self.progress.state == "running":
                self.progress = TrainingProgress(state="stopped", note=Message("stopped"))
                self._process.kill()
                self._process.join()

    def _follow(self, messages: multiprocessing.connection.Connection) -> None:
        last = TrainingProgress(
            state="failed", note=Message("the training ended unexpectedly: try again")
        )
        with contextlib.suppress(EOFError):
            while True:
                last = messages.recv()
                if last.state == "running":
                    self._update(last)
        if last.state == "done":
            self._when_done()
        elif last.state == "running":
            last = TrainingProgress(
                state="failed", note=Message("the training was ended from outside: try again")
            )
        self._update(last)

    def _update(self, progress: TrainingProgress) -> None:
        with self._lock:
            if self.progress.state == "running":
                self.progress = progress


def _train(
    messages: multiprocessing.connection.Connection,
    folder: Path,
    strategy: StrategyName,
    settings: LearningSettings,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(10)  # recognition has priority

    def report(fraction: float, note: str) -> None:
        messages.send(TrainingProgress(state="running", fraction=fraction, note=note))

    try:
        train(Profile(folder), strategy, dataclasses.replace(settings, progress=report))
        messages.send(TrainingProgress(state="done", fraction=1.0, note="done"))
    except UserError as error:
        messages.send(TrainingProgress(state="failed", note=message_of(error)))
