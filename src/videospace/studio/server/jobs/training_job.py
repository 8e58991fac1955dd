"""Training beside the conversation: in a process of its own, with progress, and stoppable."""

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
from videospace.studio.server.uploads.sandbox import end_with_parent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Learning:
    """How far a training is."""

    state: Literal["idle", "running", "done", "failed", "stopped"] = "idle"
    """Idle: there has been none since the studio was started."""
    fraction: float = 0.0
    """The share that is done, in [0, 1]."""
    note: str = ""
    """What went wrong, or how it goes."""


class Learner:
    """Trains on one profile at a time each; what is learned is kept in the profile.

    Args:
        profile: The person's.
        when_done: Called after a training that ended well.
    """

    def __init__(self, profile: Profile, when_done: Callable[[], None]):
        self._profile = profile
        self._when_done = when_done
        self._alone = threading.Lock()
        self._process: BaseProcess | None = None
        self.learning = Learning()

    def start(self, strategy: StrategyName, settings: LearningSettings) -> None:
        """Begin a training.

        Raises:
            UserError: One is running.
        """
        with self._alone:
            if self.learning.state == "running":
                raise UserError("a training is running: wait for it, or stop it first")
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_train, args=(theirs, self._profile.folder, strategy, settings), daemon=True
            )
            process.start()
            theirs.close()
            self._process = process
            self.learning = Learning(state="running", note="getting ready")
        threading.Thread(target=self._follow, args=(ours,), daemon=True).start()

    def stop(self) -> None:
        """End a training; nothing of it is kept."""
        with self._alone:
            if self._process is not None and self.learning.state == "running":
                self.learning = Learning(state="stopped", note="stopped")
                self._process.kill()
                self._process.join()

    def _follow(self, messages: multiprocessing.connection.Connection) -> None:
        last = Learning(state="failed", note="the training ended without a word: try it again")
        with contextlib.suppress(EOFError):
            while True:
                last = messages.recv()
                if last.state == "running":
                    self._tell(last)
        if last.state == "done":
            self._when_done()
        elif last.state == "running":
            last = Learning(state="failed", note="the training was ended from outside: try again")
        self._tell(last)

    def _tell(self, learning: Learning) -> None:
        with self._alone:
            if self.learning.state == "running":
                self.learning = learning


def _train(
    messages: multiprocessing.connection.Connection,
    folder: Path,
    strategy: StrategyName,
    settings: LearningSettings,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(10)  # who speaks goes first

    def tell(fraction: float, note: str) -> None:
        messages.send(Learning(state="running", fraction=fraction, note=note))

    try:
        train(Profile(folder), strategy, dataclasses.replace(settings, progress=tell))
        messages.send(Learning(state="done", fraction=1.0, note="done"))
    except UserError as error:
        messages.send(Learning(state="failed", note=str(error)))
