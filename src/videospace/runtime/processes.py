"""The start and the end of processes that work together."""

import contextlib
import datetime
import itertools
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from videospace.runtime.device import choose_device
from videospace.runtime.errors import AlreadyToldError, UserError
from videospace.runtime.process_group import LostProcessError, ProcessGroup

TIMEOUT = datetime.timedelta(minutes=30)
"""How long processes wait for one that is alive: longer than anything that one of them does alone,
such as finding principal components. One that has ended is noticed at once."""
WORDS_SECONDS = 3.0
"""How long those that notice the end of a process look for the reason."""
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
            f"expected a GPU for each of the {num_processes} processes of this machine, got "
            f"{num_gpus}: use --nproc-per-node {num_gpus}, or --device cpu"
        )
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


@contextlib.contextmanager
def joined_processes(device: torch.device) -> Iterator[ProcessGroup]:
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
            yield ProcessGroup()
            return
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        try:
            dist.init_process_group(backend, timeout=TIMEOUT)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"cannot meet the other processes: {_first_line(error)}") from error
    group = ProcessGroup(dist.get_rank(), dist.get_world_size())
    store = dist.PrefixStore(f"videospace/{next(_runs)}", _store())  # pyright: ignore[reportPrivateImportUsage]
    store.set(f"place/{group.rank}", _place())
    try:
        yield group
    except (Exception, KeyboardInterrupt) as error:
        words = _last_words(group, store, error)
        if words is None:
            raise
        raise words from error
    if joined_here:
        dist.destroy_process_group()


def _last_words(group: ProcessGroup, store: Any, error: BaseException) -> UserError | None:
    """What a process ends with, or None for the error itself.

    The first one to end says why, for all of them. Where none has, and one is gone all the same,
    the first of the others to notice it says which.
    """
    lost = isinstance(error, LostProcessError)
    reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    words = f"process {group.rank} of {group.count}: {reason}"
    with contextlib.suppress(RuntimeError):  # the process that keeps the store may have ended
        if lost and not store.check(["words"]):
            words = _names_of_silent(group, store)
        if store.add("told", 1) > 1:
            store.wait(["words"], datetime.timedelta(seconds=WORDS_SECONDS))
            return AlreadyToldError(store.get("words").decode())
        store.set("words", words)
    return UserError(words) if isinstance(error, UserError | LostProcessError) else None


def _names_of_silent(group: ProcessGroup, store: Any) -> str:
    """Say which processes of this machine are not there any more; torchrun says it of others."""
    gone, stop = [], time.monotonic() + WORDS_SECONDS
    while not gone and time.monotonic() < stop:
        places = [store.get(f"place/{rank}").decode() for rank in range(group.count)]
        gone = [str(rank) for rank, place in enumerate(places) if _is_gone(*place.split())]
        time.sleep(0.05)
    who = f"process {', '.join(gone)}" if gone else "a process"
    return (
        f"{who} of {group.count} ended without a word, as if killed or out of memory: "
        "the last save is kept, and the same command goes on from there"
    )


def _place() -> str:
    return f"{socket.gethostname()} {os.getpid()}"


def _is_gone(host: str, pid: str) -> bool:
    """Whether a process of this machine has ended, though its parent may not know it yet."""
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except OSError:  # no such files on this system, or another user's process
        return False


def _store() -> Any:
    return dist.distributed_c10d._get_default_store()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]
