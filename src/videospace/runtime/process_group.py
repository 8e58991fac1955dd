"""Processes that train together: which rows each of them owns, and what they tell each other."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, final

import torch
import torch.distributed as dist
from jaxtyping import Int, Shaped
from torch import Tensor

BLOCK_BYTES = 64 << 20
"""A table of all clips passes through the first process in blocks of about this size."""

LARGE_BYTES = 1 << 20
"""From here on, copying a tensor into a common message takes longer than a message of its own."""

Rows = TypeVar("Rows", Tensor, list[int], list[str])


class LostProcessError(RuntimeError):
    """A message did not come through, as another process has ended."""


@final
class ProcessGroup:
    """The processes of a run. ``ProcessGroup()`` is a single process, and all calls are no-ops.

    Row n of a table with a row for each clip lies with process n % count, as its row n // count:
    so blocks of rows are spread evenly, wherever they begin. All processes have to call the methods
    that communicate, in the same order.

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
        """What this process owns of a list or a table with an entry for each clip."""
        return rows[self.rank :: self.count]

    def batch_index(self, batch: Int[Tensor, " clip"]) -> Int[Tensor, " own"] | slice:
        """Where in a batch the clips of this process stand."""
        if self.count == 1:
            return slice(None)
        return (batch % self.count == self.rank).nonzero().flatten()

    def local_index(self, clips: Int[Tensor, " clip"]) -> Int[Tensor, " clip"]:
        """The rows of clips of this process in its own tables."""
        return clips // self.count

    def all_reduce(self, *tensors: Tensor) -> None:
        """Replace tensors of one type by their sums over all processes.

        Large ones travel as they are, and the others in one message.
        """
        if self.count == 1:
            return
        small = []
        for tensor in tensors:
            if tensor.nbytes < LARGE_BYTES or not tensor.is_contiguous():
                small.append(tensor)
            else:
                self._together(dist.all_reduce, tensor)
        if not small:
            return
        bucket = torch.cat([tensor.flatten() for tensor in small])
        self._together(dist.all_reduce, bucket)
        parts = bucket.split([tensor.numel() for tensor in small])
        for tensor, part in zip(small, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def all_reduce_scalars(self, *numbers: float | int) -> list[float]:
        """The sums of numbers over all processes."""
        added = torch.tensor(numbers, dtype=torch.float64)
        self.all_reduce(added)
        return added.tolist()

    def broadcast_scalars(self, *numbers: float | int) -> list[float]:
        """The first process's numbers, on all of them."""
        return self.all_reduce_scalars(*(number if self.is_rank0 else 0.0 for number in numbers))

    def total(self, values: Tensor) -> Tensor:
        """A sum over all processes, through which this process's gradient flows to its values.

        If every process takes the gradient of the same function of the total, the gradients of what
        they share add up to the whole.
        """
        if self.count == 1:
            return values
        total = values.detach().clone()
        self.all_reduce(total)
        return total + (values - values.detach())

    def all_gather(self, items: list[str]) -> list[str]:
        """The items of all processes, one process after the other."""
        if self.count == 1:
            return items
        found: list[Any] = [None] * self.count
        self._together(dist.all_gather_object, found, items)
        return [item for part in found for item in part]

    def broadcast(self, *tensors: Tensor) -> None:
        """Give all processes the first one's values, in place."""
        for tensor in tensors if self.count > 1 else ():
            self._together(dist.broadcast, tensor, 0)

    def scatter_rows(
        self, table: Shaped[Tensor, "row width"] | None, num_rows: int, width: int
    ) -> Shaped[Tensor, "own width"]:
        """Give each process its rows of a float32 table that only the first one has."""
        if self.count == 1:
            assert table is not None
            return table
        own = torch.empty(len(range(self.rank, num_rows, self.count)), width)
        rows_at_once = self.count * max(1, BLOCK_BYTES // (4 * width * self.count))
        for start in range(0, num_rows, rows_at_once):
            stop = min(start + rows_at_once, num_rows)
            block = torch.empty(stop - start, width) if table is None else table[start:stop].clone()
            self.broadcast(block)
            mine = self.local_rows(block)
            own[start // self.count :][: len(mine)] = mine
        return own

    def gather_rows(self, table: Shaped[Tensor, "own ..."]) -> Iterator[Shaped[Tensor, "row ..."]]:
        """Yield all rows of a table in order, block by block; nothing but on the first process."""
        if self.count == 1:
            yield table
            return
        num_rows = int(self.all_reduce_scalars(len(table))[0])
        longest = -(-num_rows // self.count)
        row_bytes = table[:1].nbytes or 1
        rows_at_once = max(1, BLOCK_BYTES // (row_bytes * self.count))
        for start in range(0, longest, rows_at_once):
            own = table[start : start + rows_at_once]
            block = own.new_zeros(min(rows_at_once, longest - start), *own.shape[1:], device="cpu")
            block[: len(own)] = own
            parts = [torch.empty_like(block) for _ in range(self.count)] if self.is_rank0 else None
            self._together(dist.gather, block, parts)
            if parts:
                yield torch.stack(parts, dim=1).flatten(0, 1)[: num_rows - start * self.count]

    @contextlib.contextmanager
    def rank0_first(self) -> Iterator[None]:
        """Let the first process go through the block alone, and then the others."""
        if not self.is_rank0:
            self.all_reduce_scalars(0)
        yield
        if self.is_rank0:
            self.all_reduce_scalars(0)

    def _together(self, collective: Callable[..., Any], *arguments: Any) -> None:
        reason = None
        try:
            collective(*arguments)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
        if reason is not None:  # without the first error, whose frames keep the connections open
            raise LostProcessError(reason)


ALONE = ProcessGroup()
"""What a run is by itself."""
