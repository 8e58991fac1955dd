"""The processes of a training run: which rows each of them owns, and their collectives."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, final

import torch
import torch.distributed as dist
from jaxtyping import Int, Shaped
from torch import Tensor

BLOCK_BYTES = 64 << 20
"""Rank 0 scatters and gathers a table of all clips in blocks of about this size."""

LARGE_BYTES = 1 << 20
"""Tensors of this size are reduced on their own: copying them into a bucket would take longer."""

Rows = TypeVar("Rows", Tensor, list[int], list[str])


class ProcessExitedError(RuntimeError):
    """A collective failed because another process has ended."""


@final
class ProcessGroup:
    """The processes of a run. With ``ProcessGroup()``, a single process, all calls are no-ops.

    Tables with a row for each clip are sharded: row n belongs to process n % count, as its local
    row n // count, so that any block of rows is spread evenly. All processes must call the
    collective methods in the same order.

    Args:
        rank: Number of this process, from 0.
        count: How many there are.

    Example:
        >>> ProcessGroup(rank=1, count=2).local_rows([10, 11, 12, 13, 14])
        [11, 13]
    """

    def __init__(self, rank: int = 0, count: int = 1):
        self.rank, self.count = rank, count

    @property
    def is_rank0(self) -> bool:
        """Whether this process is the one that writes, logs and decides."""
        return self.rank == 0

    def local_rows(self, rows: Rows) -> Rows:
        """The rows of a list or table that belong to this process."""
        return rows[self.rank :: self.count]

    def batch_index(self, batch: Int[Tensor, " clip"]) -> Int[Tensor, " local_row"] | slice:
        """The positions in a batch of the clips that belong to this process."""
        if self.count == 1:
            return slice(None)
        return (batch % self.count == self.rank).nonzero().flatten()

    def local_index(self, clips: Int[Tensor, " clip"]) -> Int[Tensor, " clip"]:
        """Local rows of clips that belong to this process."""
        return clips // self.count

    def all_reduce(self, *tensors: Tensor) -> None:
        """Replace tensors of one dtype by their sums over all processes.

        Large tensors are reduced on their own, all others together in one bucket.
        """
        if self.count == 1:
            return
        small = []
        for tensor in tensors:
            if tensor.nbytes < LARGE_BYTES or not tensor.is_contiguous():
                small.append(tensor)
            else:
                self._call(dist.all_reduce, tensor)
        if not small:
            return
        bucket = torch.cat([tensor.flatten() for tensor in small])
        self._call(dist.all_reduce, bucket)
        parts = bucket.split([tensor.numel() for tensor in small])
        for tensor, part in zip(small, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def all_reduce_scalars(self, *numbers: float | int) -> list[float]:
        """The sums of numbers over all processes."""
        sums = torch.tensor(numbers, dtype=torch.float64)
        self.all_reduce(sums)
        return sums.tolist()

    def broadcast_scalars(self, *numbers: float | int) -> list[float]:
        """The numbers of rank 0, on all processes."""
        return self.all_reduce_scalars(*(number if self.is_rank0 else 0.0 for number in numbers))

    def all_reduce_with_gradient(self, values: Tensor) -> Tensor:
        """The sum over all processes; its gradient flows to the values of this process.

        If every process differentiates the same function of the sum, the sum of the gradients of
        shared weights is the gradient of the whole.
        """
        if self.count == 1:
            return values
        total = values.detach().clone()
        self.all_reduce(total)
        return total + (values - values.detach())

    def all_gather(self, items: list[str]) -> list[str]:
        """The items of all processes, in the order of their ranks."""
        if self.count == 1:
            return items
        found: list[Any] = [None] * self.count
        self._call(dist.all_gather_object, found, items)
        return [item for part in found for item in part]

    def broadcast(self, *tensors: Tensor) -> None:
        """Overwrite tensors with their values on rank 0."""
        for tensor in tensors if self.count > 1 else ():
            self._call(dist.broadcast, tensor, 0)

    def scatter_rows(
        self, table: Shaped[Tensor, "row width"] | None, num_rows: int, width: int
    ) -> Shaped[Tensor, "local_row width"]:
        """Give each process its rows of a float32 table that only rank 0 has."""
        if self.count == 1:
            assert table is not None
            return table
        local = torch.empty(len(range(self.rank, num_rows, self.count)), width)
        rows_at_once = self.count * max(1, BLOCK_BYTES // (4 * width * self.count))
        for start in range(0, num_rows, rows_at_once):
            stop = min(start + rows_at_once, num_rows)
            block = torch.empty(stop - start, width) if table is None else table[start:stop].clone()
            self.broadcast(block)
            rows = self.local_rows(block)
            local[start // self.count :][: len(rows)] = rows
        return local

    def gather_rows(
        self, table: Shaped[Tensor, "local_row ..."]
    ) -> Iterator[Shaped[Tensor, "row ..."]]:
        """Yield all rows of a table in order, in blocks, on rank 0; the others yield nothing."""
        if self.count == 1:
            yield table
            return
        num_rows = int(self.all_reduce_scalars(len(table))[0])
        longest = -(-num_rows // self.count)
        row_bytes = table[:1].nbytes or 1
        rows_at_once = max(1, BLOCK_BYTES // (row_bytes * self.count))
        for start in range(0, longest, rows_at_once):
            local = table[start : start + rows_at_once]
            num_local = min(rows_at_once, longest - start)
            block = local.new_zeros(num_local, *local.shape[1:], device="cpu")
            block[: len(local)] = local
            parts = [torch.empty_like(block) for _ in range(self.count)] if self.is_rank0 else None
            self._call(dist.gather, block, parts)
            if parts:
                yield torch.stack(parts, dim=1).flatten(0, 1)[: num_rows - start * self.count]

    @contextlib.contextmanager
    def rank0_first(self) -> Iterator[None]:
        """Run the block on rank 0 first, and then on all other processes."""
        if not self.is_rank0:
            self.all_reduce_scalars(0)
        yield
        if self.is_rank0:
            self.all_reduce_scalars(0)

    def _call(self, collective: Callable[..., Any], *arguments: Any) -> None:
        reason = None
        try:
            collective(*arguments)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
        if (
            reason is not None
        ):  # outside the except block: the first error keeps the connections open
            raise ProcessExitedError(reason)


SINGLE_PROCESS = ProcessGroup()
"""The group of a run that torchrun has not started."""
