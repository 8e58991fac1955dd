"""Starting and ending a process group: devices, rendezvous, and one report for an error."""

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
from videospace.runtime.errors import AlreadyReportedError, UserError
from videospace.runtime.process_group import ProcessExitedError, ProcessGroup

TIMEOUT = datetime.timedelta(minutes=30)
"""How long processes wait for one that is alive: longer than anything that rank 0 does on its own,
such as computing principal components. A process that has ended is noticed at once."""
REASON_SECONDS = 3.0
"""How long the other processes wait for the reason why one has ended."""
READ_SECONDS = 3.0
"""How long the process that hosts the reason waits for the others to read it."""
_run_numbers = itertools.count()


def is_first_process() -> bool:
    """Whether the launcher has made this process rank 0, the one that reports."""
    return int(os.environ.get("RANK", "0")) == 0


def local_device(name: str = "auto") -> torch.device:
    """The GPU of this process, a different one for each process of the machine, or the CPU.

    Args:
        name: As for :func:`videospace.runtime.device.choose_device`.

    Raises:
        UserError: There is no such device, or there are fewer GPUs than processes.
    """
    device = choose_device(name)
    if device.type != "cuda" or "LOCAL_RANK" not in os.environ or device.index is not None:
        return device
    local_rank, num_gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if local_rank >= num_gpus:
        num_processes = os.environ.get("LOCAL_WORLD_SIZE", str(local_rank + 1))
        raise UserError(
            f"expected a GPU for each of the {num_processes} processes of this machine, got "
            f"{num_gpus}: use --nproc-per-node {num_gpus}, or --device cpu"
        )
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)


@contextlib.contextmanager
def init_process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """Connect to the other processes that torchrun has started, if any.

    An error in one process ends all of them. It is reported once, with the rank of its process.

    Args:
        device: Where this process computes. Tensors on a GPU are sent by NCCL, others by gloo.

    Yields:
        The group of all processes.

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
            raise UserError(f"cannot reach the other processes: {_first_line(error)}") from error
    group = ProcessGroup(dist.get_rank(), dist.get_world_size())
    store = dist.PrefixStore(f"videospace/{next(_run_numbers)}", _store())  # pyright: ignore[reportPrivateImportUsage]
    store.set(f"process/{group.rank}", f"{socket.gethostname()} {os.getpid()}")
    try:
        yield group
    except (Exception, KeyboardInterrupt) as error:
        reported = _reported(group, store, error)
        with contextlib.suppress(RuntimeError):  # the process that hosts the store may have ended
            _wait_for_readers(group, store)
        if reported is None:
            raise
        raise reported from error
    if joined_here:
        dist.destroy_process_group()


def _reported(group: ProcessGroup, store: Any, error: BaseException) -> UserError | None:
    """The error that a process ends with, or None for the original one.

    The first process that ends writes its reason to the store, for all of them. If a process was
    killed and wrote none, the first other process that notices it writes which one it was.
    """
    lost = isinstance(error, ProcessExitedError)
    cause = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    reason = f"process {group.rank} of {group.count}: {cause}"
    with contextlib.suppress(RuntimeError):  # the process that hosts the store may have ended
        if lost and not store.check(["reason"]):
            reason = _name_killed(group, store)
        if store.add("num_reports", 1) > 1:
            store.wait(["reason"], datetime.timedelta(seconds=REASON_SECONDS))
            return AlreadyReportedError(store.get("reason").decode())
        store.set("reason", reason)
    return UserError(reason) if isinstance(error, UserError | ProcessExitedError) else None


def _wait_for_readers(group: ProcessGroup, store: Any) -> None:
    """Let the process that hosts the store live until the others have read the reason."""
    num_ended, stop = store.add("num_ended", 1), time.monotonic() + READ_SECONDS
    while group.rank == 0 and num_ended < group.count and time.monotonic() < stop:
        time.sleep(0.01)
        num_ended = store.add("num_ended", 0)


def _name_killed(group: ProcessGroup, store: Any) -> str:
    """Say which processes of this machine have ended; torchrun reports those of other machines."""
    gone, stop = [], time.monotonic() + REASON_SECONDS
    while not gone and time.monotonic() < stop:
        processes = [store.get(f"process/{rank}").decode() for rank in range(group.count)]
        gone = [str(rank) for rank, process in enumerate(processes) if _is_gone(*process.split())]
        time.sleep(0.05)
    who = f"process {', '.join(gone)}" if gone else "a process"
    return (
        f"{who} of {group.count} ended without an error message, as if killed or out of memory: "
        "the last save is kept; run the same command again to go on from there"
    )


def _is_gone(host: str, pid: str) -> bool:
    """Whether a process of this machine has ended; a zombie counts as ended."""
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except OSError:  # a system without /proc, or another user's process
        return False


def _store() -> Any:
    return dist.distributed_c10d._get_default_store()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]
