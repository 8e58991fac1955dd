"""What needs no second process; ``tests/inrv/test_training_distributed.py`` has two."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime import process_group as distributed
from videospace.runtime import processes
from videospace.runtime.errors import UserError
from videospace.runtime.process_group import ALONE, ProcessGroup
from videospace.runtime.processes import (
    device_of_process,
    is_first_process,
    joined_processes,
)


class TestOwnership:
    @given(st.integers(1, 7), st.integers(0, 40))
    def test_every_row_has_one_owner_where_it_says(self, count, num_rows):
        table = torch.arange(num_rows)
        teams = [ProcessGroup(rank, count) for rank in range(count)]
        shares = [group.local_rows(table) for group in teams]
        assert torch.cat(shares).sort().values.tolist() == table.tolist()
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
        for group, share in zip(teams, shares, strict=True):
            assert group.local_index(share).tolist() == list(range(len(share)))

    @given(st.integers(1, 5), st.lists(st.integers(0, 99), max_size=12))
    def test_a_batch_falls_into_the_places_of_its_owners(self, count, clips):
        batch = torch.tensor(clips, dtype=torch.int64)
        parts = [batch[ProcessGroup(rank, count).batch_index(batch)] for rank in range(count)]
        assert sorted(torch.cat(parts).tolist()) == sorted(clips)
        for rank, part in enumerate(parts):
            assert all(clip % count == rank for clip in part.tolist())


def test_alone_everything_is_what_it_was():
    values = torch.randn(3, 2, requires_grad=True)
    ALONE.all_reduce(values)
    ALONE.broadcast(values)
    assert ALONE.total(values) is values
    assert ALONE.spread(values, 3, 2) is values
    assert next(ALONE.collect(values)) is values
    assert (
        ALONE.all_reduce_scalars(1, 0.5, True)
        == ALONE.broadcast_scalars(1, 0.5, True)
        == [1.0, 0.5, 1.0]
    )
    assert ALONE.all_gather(["a"]) == ["a"]
    assert ALONE.is_rank0
    with ALONE.first_before_others():
        pass


def test_large_tensors_are_added_up_where_they_lie_and_small_ones_in_one_message(monkeypatch):
    monkeypatch.setattr(distributed, "LARGE_BYTES", 32)
    large, turned, small = torch.ones(9), torch.ones(3, 5).T, torch.ones(2)
    messages = []

    def doubled(message):  # as of two processes that have the same
        messages.append(message)
        message.mul_(2)

    monkeypatch.setattr(distributed.dist, "all_reduce", doubled)
    ProcessGroup(0, 2).all_reduce(small, large, turned)
    assert messages[0] is large
    assert [message.numel() for message in messages] == [9, 17]
    assert all(torch.equal(each, torch.full_like(each, 2)) for each in (large, turned, small))


class TestStart:
    def test_without_torchrun_a_process_is_alone(self, monkeypatch):
        monkeypatch.delenv("WORLD_SIZE", raising=False)
        with joined_processes(torch.device("cpu")) as group:
            assert (group.rank, group.count) == (0, 1)

    def test_others_that_cannot_be_reached(self, monkeypatch):
        for name, value in (("WORLD_SIZE", "2"), ("RANK", "one"), ("MASTER_ADDR", "x")):
            monkeypatch.setenv(name, value)
        with (
            pytest.raises(UserError, match=r"^cannot meet the other processes: "),
            joined_processes(torch.device("cpu")),
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

    def test_every_process_of_a_machine_has_a_gpu_of_its_own(self, two_gpus, monkeypatch):
        for place in range(2):
            monkeypatch.setenv("LOCAL_RANK", str(place))
            assert device_of_process() == torch.device("cuda", place)

    def test_too_few_gpus(self, two_gpus, monkeypatch):
        monkeypatch.setenv("LOCAL_RANK", "2")
        message = (
            "^expected a GPU for each of the 4 processes of this machine, got 2: "
            "use --nproc-per-node 2, or --device cpu$"
        )
        with pytest.raises(UserError, match=message):
            device_of_process()

    def test_the_cpu_is_for_all(self, monkeypatch):
        monkeypatch.setenv("LOCAL_RANK", "5")
        assert device_of_process("cpu") == torch.device("cpu")
