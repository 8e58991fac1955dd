"""The start and the end of processes that work together."""

import contextlib
import datetime
import itertools
import os
import time
from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist

from videospace.runtime.device import choose_device
from videospace.runtime.distributed import LostProcessError, Team
from videospace.runtime.errors import AlreadyToldError, UserError

TIMEOUT = datetime.timedelta(minutes=30)
"""How long processes wait for one that is alive: longer than anything that one of them does alone,
such as finding principal components. One that has ended is noticed at once."""
ALIVE_SECONDS = 3.0
"""How long those that notice the end of a process wait for a sign of each other."""
_runs = itertools.count()


def is_first_process() -> bool:
    """Whether this process is the one that reports, by what its launcher says."""
    return int(os.environ.get("RANK", "0")) == 0


def device_of_process(name: str = "auto") -> torch.device:
    """A GPU of its own for each process of this machine, or the CPU.

    Args:
        name: As for :func:`videospace.runtime.device.choose_device`.

    Raises:
        UserError: There is no such device, or there are fewer GPUs than processes.
    """
    device = choose_device(name)
    if device.type != "cuda" or "LOCAL_RANK" not in os.environ or device.index is not None:
        return device
    place, num_gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if place >= num_gpus:
        num_processes = os.environ.get("LOCAL_WORLD_SIZE", str(place + 1))
        raise UserError(
            f"expected a GPU for each of the {num_processes} processes of this machine, came "
            f"{num_gpus}: use --nproc-per-node {num_gpus}, or --device cpu"
        )
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


@contextlib.contextmanager
def joined_processes(device: torch.device) -> Iterator[Team]:
    """Meet the other processes that torchrun has started, if any.

    An error of one process ends all of them: it is said once, with the rank of its process.

    Args:
        device: Where this process computes: tensors of a GPU travel by NCCL, all others by gloo.

    Raises:
        UserError: The others cannot be reached, or one of them has ended.
    """
    joined_here = not dist.is_initialized()
    if joined_here:
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            yield Team()
            return
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        try:
            dist.init_process_group(backend, timeout=TIMEOUT)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"cannot meet the other processes: {_first_line(error)}") from error
    team, run = Team(dist.get_rank(), dist.get_world_size()), next(_runs)
    try:
        yield team
    except (Exception, KeyboardInterrupt) as error:
        words = _last_words(team, dist.PrefixStore(f"videospace/{run}", _store()), error)
        if words is None:
            raise
        raise words from error
    if joined_here:
        dist.destroy_process_group()


def _last_words(team: Team, store: Any, error: BaseException) -> UserError | None:
    """What a process ends with, or None for the error itself.

    The first one to end says why, for all of them. Where none has, and one is gone all the same,
    the first of the others to notice it says which.
    """
    lost = isinstance(error, LostProcessError)
    reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    words = f"process {team.rank} of {team.count}: {reason}"
    with contextlib.suppress(RuntimeError):  # the process that keeps the store may have ended
        if lost and not store.check(["words"]):
            words = _names_of_silent(team, store)
        if store.add("told", 1) > 1:
            store.wait(["words"], datetime.timedelta(seconds=ALIVE_SECONDS))
            return AlreadyToldError(store.get("words").decode())
        store.set("words", words)
    return UserError(words) if isinstance(error, UserError | LostProcessError) else None


def _names_of_silent(team: Team, store: Any) -> str:
    """Say which processes give no sign when all that are alive do."""
    store.set(f"alive/{team.rank}", "")
    missing, stop = list(range(team.count)), time.monotonic() + ALIVE_SECONDS
    while missing and time.monotonic() < stop:
        missing = [rank for rank in missing if not store.check([f"alive/{rank}"])]
        time.sleep(0.05)
    silent = list(map(str, missing))
    who = f"process {' and '.join(silent)}" if silent else "a process"
    return (
        f"{who} of {team.count} has ended without a word, as if killed or out of memory: "
        "the last save is kept, and the same command goes on from there"
    )


def _store() -> Any:
    return dist.distributed_c10d._get_default_store()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]
