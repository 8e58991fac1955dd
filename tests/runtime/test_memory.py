import pytest
import torch

from videospace.runtime.errors import UserError
from videospace.runtime.memory import out_of_memory_hint, with_memory_hint


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), ""),
        (MemoryError("Unable to allocate 9 GiB"), r" \(Unable to allocate 9 GiB\)"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried\nmore"), r" \(CUDA out .* Tried\)"),
        (RuntimeError("[enforce] DefaultCPUAllocator: not enough memory: you"), r" \(\[enf.*\)"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you"), r" \(Def.*\)"),
    ],
)
def test_an_out_of_memory_error_becomes_one_line_with_a_hint(error, reason):
    with (
        pytest.raises(UserError, match=rf"^out of memory{reason}: lower --count$") as caught,
        out_of_memory_hint("--count"),
    ):
        raise error
    assert "\n" not in str(caught.value)


def test_the_true_errors_of_an_allocation():
    for allocate in (lambda: torch.empty(1 << 60), lambda: bytearray(1 << 62)):
        with pytest.raises(UserError, match="out of memory"), out_of_memory_hint("--count"):
            allocate()


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), ValueError("no")])
def test_other_errors_pass(error):
    with pytest.raises(type(error), match=str(error)), out_of_memory_hint("--count"):
        raise error


def test_items_are_yielded_until_memory_runs_out():
    def items():
        yield 1
        raise MemoryError

    found = with_memory_hint(items(), "--height")
    assert next(found) == 1
    with pytest.raises(UserError, match="lower --height"):
        next(found)
