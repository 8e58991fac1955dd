"""A process for untrusted files."""

import os
import sys
import threading
import time

import numpy as np
import pytest
from tests.support.mouth_videos import encoded_video, mouth_frames

from videospace.runtime.errors import BusyError, UserError
from videospace.studio.server.uploads.sandbox import Answer, Sandbox, reversed_text


def refuse(reason: str) -> Answer:
    raise UserError(reason)


def crash() -> Answer:
    os._exit(1)


def fail() -> Answer:
    raise RuntimeError("unforeseen")


def sleep(seconds: float) -> Answer:
    time.sleep(seconds)
    return {}, b""


def devour(num_bytes: int) -> Answer:
    return {"sum": int(np.ones(num_bytes, np.uint8).sum())}, b""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(memory_bytes=2**29) as sandbox:
        yield sandbox


def test_the_answer_is_returned(sandbox):
    assert sandbox.call(reversed_text, "on", seconds=600.0) == ({"text": "no"}, b"")


def test_user_errors_are_passed_on(sandbox):
    with pytest.raises(UserError, match="because"):
        sandbox.call(refuse, "because", seconds=600.0)


@pytest.mark.parametrize("function", [crash, fail])
def test_a_crash_is_followed_by_a_new_process(sandbox, function):
    with pytest.raises(UserError, match="cannot read it"):
        sandbox.call(function, seconds=600.0)
    assert sandbox.call(reversed_text, "on", seconds=600.0) == ({"text": "no"}, b"")


def test_a_call_under_way_ends_with_the_sandbox_and_starts_no_process():
    sandbox = Sandbox(memory_bytes=2**29)
    sandbox.call(reversed_text, "on", seconds=600.0)
    ended = []

    def call() -> None:
        with pytest.raises(UserError):
            sandbox.call(sleep, 600.0, seconds=600.0)
        ended.append(True)

    thread = threading.Thread(target=call)
    thread.start()
    while not sandbox._lock.locked():
        time.sleep(0.01)
    sandbox.close()
    thread.join()
    assert ended == [True]
    assert not sandbox._process.is_alive()
    with pytest.raises(UserError):
        sandbox.call(reversed_text, "on", seconds=600.0)
    assert not sandbox._process.is_alive()


def test_a_call_that_takes_too_long_is_stopped(sandbox):
    with pytest.raises(UserError, match="longer than"):
        sandbox.call(sleep, 3600, seconds=0.2)
    assert sandbox.call(reversed_text, "on", seconds=600.0) == ({"text": "no"}, b"")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone limits memory")
def test_memory_is_limited(sandbox):
    with pytest.raises(UserError, match="too much memory"):
        sandbox.call(devour, 2**30, seconds=600.0)
    assert sandbox.call(devour, 2**20, seconds=600.0) == ({"sum": 2**20}, b"")


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "WebM or MP4"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "WebM or MP4"),
        (b"ffconcat version 1.0\nfile /etc/passwd", "WebM or MP4"),
        (b"\x1a\x45\xdf\xa3" + b"broken" * 20, "be read"),
    ],
)
def test_other_files_than_videos_are_refused(recording_reader, content, phrase):
    with pytest.raises(UserError, match=phrase) as caught:
        recording_reader.read(content, "middle")
    assert "/tmp" not in str(caught.value)


def test_a_recording_is_read(recording_reader):
    clip, problems = recording_reader.read(encoded_video(mouth_frames(0)), "middle")
    assert clip.frames.shape == (20, 88, 88)
    assert clip.fps == 25
    assert isinstance(problems, tuple)


def test_too_many_recordings_at_once_are_refused_as_busy(recording_reader, monkeypatch):
    content = encoded_video(mouth_frames(0))
    monkeypatch.setattr(recording_reader, "_slots", threading.BoundedSemaphore(1))
    with (
        recording_reader._slots,
        pytest.raises(BusyError, match="busy"),
    ):
        recording_reader.read(content, "middle")
    assert recording_reader.read(content, "middle")[0].fps == 25


def test_a_recording_without_a_face_is_refused(recording_reader):
    pytest.importorskip("dlib")
    with pytest.raises(UserError, match="face"):
        recording_reader.read(encoded_video(mouth_frames(0)), "dlib")
