"""Background jobs, one after another."""

import threading

import pytest

from videospace.runtime.errors import UserError
from videospace.studio.server.jobs.job_runner import JobRunner


def test_progress_includes_the_remaining_time(monkeypatch):
    monkeypatch.setattr("videospace.studio.server.jobs.job_runner.FIRST_ESTIMATE_SECONDS", 0.0)
    jobs, reported, go_on = JobRunner[str](), threading.Event(), threading.Event()

    def task(callback):
        callback(0.25, "step 1")
        reported.set()
        go_on.wait(120)
        return "result"

    assert jobs.status.state == "idle"
    jobs.start("task", task)
    assert reported.wait(120)
    status = jobs.status
    assert (status.state, status.kind, status.fraction, status.note) == (
        "running",
        "task",
        0.25,
        "step 1",
    )
    assert status.seconds_left is not None
    assert status.seconds_left > 0
    go_on.set()
    jobs.wait()
    assert (jobs.status.state, jobs.status.result, jobs.status.seconds_left) == (
        "done",
        "result",
        None,
    )


def refuse(callback):
    raise UserError("because")


def fail(callback):
    raise RuntimeError("unforeseen")


@pytest.mark.parametrize(
    ("task", "note"), [(refuse, "because"), (fail, "the studio's terminal window says why")]
)
def test_a_job_that_fails_says_why(task, note):
    jobs = JobRunner[None]()
    jobs.start("task", task)
    jobs.wait()
    assert (jobs.status.state, jobs.status.note) == ("failed", note)


def test_a_canceled_job_has_no_result_and_another_can_start():
    jobs, begun = JobRunner[int](), threading.Event()

    def endless(callback):
        while True:
            callback(0.5, "on and on")
            begun.set()

    jobs.start("endless", endless)
    assert begun.wait(120)
    with pytest.raises(UserError, match="another job is running"):
        jobs.start("other", lambda callback: 1)
    jobs.stop()
    assert (jobs.status.state, jobs.status.result) == ("stopped", None)
    jobs.start("other", lambda callback: 1)
    jobs.wait()
    assert (jobs.status.state, jobs.status.result) == ("done", 1)
    jobs.stop()
    assert jobs.status.state == "done"
