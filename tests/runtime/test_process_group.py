"""Process groups of one process; ``test_training_distributed.py`` starts two."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime import process_group as distributed
from videospace.runtime import processes
from videospace.runtime.errors import UserError
from videospace.runtime.process_group import SINGLE_PROCESS, ProcessGroup
from videospace.runtime.processes import (
    init_process_group,
    is_first_process,
    local_device,
)


class TestOwnership:
    @given(st.integers(1, 7), st.integers(0, 40))
    def test_every_row_has_one_owner(self, count, num_rows):
        table = torch.arange(num_rows)
        groups = [ProcessGroup(rank, count) for rank in range(count)]
        local = [group.local_rows(table) for group in groups]
        assert torch.cat(local).sort().values.tolist() == table.tolist()
        assert max(map(len, local)) - min(map(len, local)) <= 1
        for group, rows in zip(groups, local, strict=True):
            assert group.local_index(rows).tolist() == list(range(len(rows)))

    @given(st.integers(1, 5), st.lists(st.integers(0, 99), max_size=12))
    def test_every_clip_of_a_batch_has_one_owner(self, count, clips):
        batch = torch.tensor(clips, dtype=torch.int64)
        parts = [batch[ProcessGroup(rank, count).batch_index(batch)] for rank in range(count)]
        assert sorted(torch.cat(parts).tolist()) == sorted(clips)
        for rank, part in enumerate(parts):
            assert all(clip % count == rank for clip in part.tolist())


def test_a_single_process_communicates_with_nobody():
    values = torch.randn(3, 2, requires_grad=True)
    SINGLE_PROCESS.all_reduce(values)
    SINGLE_PROCESS.broadcast(values)
    assert SINGLE_PROCESS.all_reduce_with_gradient(values) is values
    assert SINGLE_PROCESS.scatter_rows(values, 3, 2) is values
    assert next(SINGLE_PROCESS.gather_rows(values)) is values
    assert (
        SINGLE_PROCESS.all_reduce_scalars(1, 0.5, True)
        == SINGLE_PROCESS.broadcast_scalars(1, 0.5, True)
        == [1.0, 0.5, 1.0]
    )
    assert SINGLE_PROCESS.all_gather(["a"]) == ["a"]
    assert SINGLE_PROCESS.is_rank0
    with SINGLE_PROCESS.rank0_first():
        pass


def test_large_tensors_are_reduced_in_place_and_small_ones_in_one_bucket(monkeypatch):
    monkeypatch.setattr(distributed, "LARGE_BYTES", 32)
    large, turned, small = torch.ones(9), torch.ones(3, 5).T, torch.ones(2)
    reduced = []

    def doubled(tensor):  # two processes with the same values
        reduced.append(tensor)
        tensor.mul_(2)

    monkeypatch.setattr(distributed.dist, "all_reduce", doubled)
    ProcessGroup(0, 2).all_reduce(small, large, turned)
    assert reduced[0] is large
    assert [tensor.numel() for tensor in reduced] == [9, 17]
    assert all(torch.equal(each, torch.full_like(each, 2)) for each in (large, turned, small))


class TestStart:
    def test_without_torchrun_a_process_is_alone(self, monkeypatch):
        monkeypatch.delenv("WORLD_SIZE", raising=False)
        with init_process_group(torch.device("cpu")) as group:
            assert (group.rank, group.count) == (0, 1)

    def test_an_unreachable_group(self, monkeypatch):
        for name, value in (("WORLD_SIZE", "2"), ("RANK", "one"), ("MASTER_ADDR", "x")):
            monkeypatch.setenv(name, value)
        with (
            pytest.raises(UserError, match="cannot reach"),
            init_process_group(torch.device("cpu")),
        ):
            pass

    def test_the_first_process_is_known_from_the_launcher(self, monkeypatch):
        monkeypatch.delenv("RANK", raising=False)
        assert is_first_process()
        monkeypatch.setenv("RANK", "3")
        assert not is_first_process()


class TestDevice:
    @pytest.fixture
    def two_gpus(self, monkeypatch):
        monkeypatch.setattr(processes, "choose_device", lambda _: torch.device("cuda"))
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
        monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
        monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")

    def test_every_process_has_its_own_gpu(self, two_gpus, monkeypatch):
        for rank in range(2):
            monkeypatch.setenv("LOCAL_RANK", str(rank))
            assert local_device() == torch.device("cuda", rank)

    def test_too_few_gpus(self, two_gpus, monkeypatch):
        monkeypatch.setenv("LOCAL_RANK", "2")
        with pytest.raises(UserError, match=r"4 processes .* got 2"):
            local_device()

    def test_all_processes_can_use_the_cpu(self, monkeypatch):
        monkeypatch.setenv("LOCAL_RANK", "5")
        assert local_device("cpu") == torch.device("cpu")
