"""Pieces of work, one after another."""

import threading

import pytest

from videospace.runtime.errors import UserError
from videospace.studio.server.jobs.jobs import Worker


def test_progress_is_told_with_the_time_that_is_left(monkeypatch):
    monkeypatch.setattr("videospace.studio.server.jobs.jobs.FIRST_ESTIMATE_SECONDS", 0.0)
    worker, told, go_on = Worker[str](), threading.Event(), threading.Event()

    def task(tell):
        tell(0.25, "step 1")
        told.set()
        go_on.wait(10)
        return "result"

    assert worker.work.state == "idle"
    worker.start("task", task)
    assert told.wait(10)
    work = worker.work
    assert (work.state, work.kind, work.fraction, work.note) == ("running", "task", 0.25, "step 1")
    assert work.seconds_left is not None
    assert work.seconds_left > 0
    go_on.set()
    worker.wait()
    assert (worker.work.state, worker.work.result, worker.work.seconds_left) == (
        "done",
        "result",
        None,
    )


def refuse(tell):
    raise UserError("because")


def fail(tell):
    raise RuntimeError("unforeseen")


@pytest.mark.parametrize(
    ("task", "note"), [(refuse, "because"), (fail, "the studio's window says more")]
)
def test_work_that_fails_says_why(task, note):
    worker = Worker[None]()
    worker.start("task", task)
    worker.wait()
    assert (worker.work.state, worker.work.note) == ("failed", note)


def test_what_is_canceled_leaves_nothing_and_makes_room():
    worker, begun = Worker[int](), threading.Event()

    def endless(tell):
        while True:
            tell(0.5, "on and on")
            begun.set()

    worker.start("endless", endless)
    assert begun.wait(10)
    with pytest.raises(UserError, match="wait for it, or cancel it first"):
        worker.start("other", lambda tell: 1)
    worker.stop()
    assert (worker.work.state, worker.work.result) == ("stopped", None)
    worker.start("other", lambda tell: 1)
    worker.wait()
    assert (worker.work.state, worker.work.result) == ("done", 1)
    worker.stop()
    assert worker.work.state == "done"
