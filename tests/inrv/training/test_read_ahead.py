import threading

import numpy as np
import pytest

from videospace.inrv.training import loop as training
from videospace.inrv.training import read_ahead
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.read_ahead import ReadAhead, WaitingNotice


def clips_of(numbers):
    return np.stack([np.full((1, 2, 2, 3), number, np.uint8) for number in numbers])


class TestReadAhead:
    def test_batches_come_as_asked_whether_expected_or_not(self):
        reads = ReadAhead(clips_of)
        reads.expect([[1, 2], [3]])
        for numbers in ([3], [1, 2], [4, 1], []):
            if numbers:
                assert np.array_equal(reads(numbers), clips_of(numbers))

    def test_an_expected_batch_is_read_once_and_before_it_is_asked_for(self):
        read, ready = [], threading.Event()

        def watched(numbers):
            read.append((tuple(numbers), threading.current_thread()))
            ready.set()
            return clips_of(numbers)

        reads = ReadAhead(watched)
        reads.expect([[1, 2]])
        assert ready.wait(10)
        reads.expect([[1, 2], [5]])
        for _ in range(3):
            reads([1, 2])
        reads([5])
        assert [numbers for numbers, _ in read] == [(1, 2), (5,)]
        assert threading.main_thread() not in {thread for _, thread in read}

    def test_an_error_of_the_disk_comes_through(self):
        def broken(_):
            raise OSError("disk")

        reads = ReadAhead(broken)
        reads.expect([[1]])
        with pytest.raises(OSError, match="disk"):
            reads([1])

    def test_what_is_not_expected_any_more_is_let_go(self):
        reads = ReadAhead(clips_of)
        for number in range(50):
            reads.expect([[number], [number + 1]])
        assert len(reads._batches) == 2


class TestNotice:
    @pytest.fixture
    def clock(self, monkeypatch):
        """A clock that a test turns on by hand."""
        time = [100.0]
        monkeypatch.setattr(read_ahead.time, "monotonic", lambda: time[0])
        return time

    @pytest.mark.parametrize(("waited", "percentage"), [(0.7, "70 %"), (0.51, "51 %"), (0.5, None)])
    def test_one_notice_says_what_fraction_of_the_time_is_waiting(self, clock, waited, percentage):
        reads = ReadAhead(clips_of)
        notice, notices = WaitingNotice(reads), []
        for _ in range(4 * read_ahead.NOTICE_STEPS):
            clock[0] += 1
            reads.seconds_waited += waited
            notices.append(notice.after_step())
        shown = [text for text in notices if text]
        assert len(shown) == (percentage is not None)
        if percentage:
            assert notices.index(shown[0]) == read_ahead.NOTICE_STEPS - 1
            assert percentage in shown[0]
            assert "--batch.points-per-clip" in shown[0]

    def test_a_training_says_it(self, store, tmp_path, make_config, monkeypatch, capsys):
        monkeypatch.setattr("videospace.inrv.training.data.RESIDENT_BYTES", 0)
        monkeypatch.setattr(read_ahead, "NOTICE_STEPS", 5)
        colors = TrainingClips.colors

        def slow(self, clips, points):
            self.reads.seconds_waited += 1e6
            return colors(self, clips, points)

        monkeypatch.setattr(TrainingClips, "colors", slow)
        train(store, tmp_path / "space", make_config(), TrainingOptions(progress=False))
        assert capsys.readouterr().err.count("data-bound: ") == 1


def test_training_expects_every_batch_it_takes(store, tmp_path, make_config, monkeypatch):
    monkeypatch.setattr("videospace.inrv.training.data.RESIDENT_BYTES", 0)
    direct, step = [], training.training_step
    read = ReadAhead.__call__

    def watched(self, clips):
        if tuple(clips) not in self._batches:
            direct.append(clips)
        return read(self, clips)

    def after_start(*arguments):
        monkeypatch.setattr(ReadAhead, "__call__", watched)
        step(*arguments)

    monkeypatch.setattr(training, "training_step", after_start)
    train(store, tmp_path / "space", make_config(), TrainingOptions(progress=False))
    assert direct == []
