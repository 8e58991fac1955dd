"""A process in which anything may go wrong."""

import os
import sys
import threading
import time

import numpy as np
import pytest
from tests.support.mouth_films import film, mouth_frames

from videospace.runtime.errors import BusyError, UserError
from videospace.studio.server.uploads.sandbox import Answer, ConfinedProcess, reversed_text


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
def process():
    with ConfinedProcess(memory_bytes=2**29) as process:
        yield process


def test_answers_come_back(process):
    assert process.call(reversed_text, "on", seconds=60.0) == ({"text": "no"}, b"")


def test_what_a_user_can_put_right_is_said(process):
    with pytest.raises(UserError, match=r"^because$"):
        process.call(refuse, "because", seconds=60.0)


@pytest.mark.parametrize("function", [crash, fail])
def test_after_a_crash_there_is_another_process(process, function):
    with pytest.raises(UserError, match="it cannot be read"):
        process.call(function, seconds=60.0)
    assert process.call(reversed_text, "on", seconds=60.0) == ({"text": "no"}, b"")


def test_what_takes_too_long_is_ended(process):
    started = time.monotonic()
    with pytest.raises(UserError, match=r"it takes longer than 0\.2 s"):
        process.call(sleep, 60, seconds=0.2)
    process.call(reversed_text, "on", seconds=60.0)
    assert time.monotonic() - started < 50


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone limits memory")
def test_memory_is_limited(process):
    with pytest.raises(UserError, match="it needs too much memory"):
        process.call(devour, 2**30, seconds=60.0)
    assert process.call(devour, 2**20, seconds=60.0) == ({"sum": 2**20}, b"")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "expected a film as WebM or MP4, got something else"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "expected a film as WebM or MP4"),
        (b"ffconcat version 1.0\nfile /etc/passwd", "expected a film as WebM or MP4"),
        (b"\x1a\x45\xdf\xa3" + b"broken" * 20, "cannot read the film"),
    ],
)
def test_what_is_no_film_is_named(film_reader, content, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        film_reader.read(content, "middle")
    assert "/tmp" not in str(caught.value)


def test_a_film_is_read(film_reader):
    clip, problems = film_reader.read(film(mouth_frames(0)), "middle")
    assert clip.frames.shape == (20, 88, 88)
    assert clip.fps == 25
    assert isinstance(problems, tuple)


def test_too_many_films_at_once_are_asked_to_wait(film_reader, monkeypatch):
    content = film(mouth_frames(0))
    monkeypatch.setattr(film_reader, "_places", threading.BoundedSemaphore(1))
    with film_reader._places, pytest.raises(BusyError, match="many recordings are being looked at"):
        film_reader.read(content, "middle")
    assert film_reader.read(content, "middle")[0].fps == 25


def test_a_film_without_a_face_says_so(film_reader):
    pytest.importorskip("dlib")
    with pytest.raises(UserError, match="expected a face in the film, found none"):
        film_reader.read(film(mouth_frames(0)), "dlib")
