"""Requests about voices and speech."""

import io
import os
import signal
import wave

import pytest

from videospace.studio.server.uploads import media as media_module
from videospace.studio.server.uploads.media import MediaProcess


def test_voices_name_their_languages(page):
    voices = page.get("/api/voices").json()
    german = next(voice for voice in voices if voice["name"] == "de")
    assert german == {"name": "de", "languages": ["de"], "title": "German"}
    assert {"en-us", "en-us+f2", "he", "ar"} <= {voice["name"] for voice in voices}


@pytest.mark.parametrize("voice", ["en-us", "en-us+f2", "de-at"])
def test_a_text_becomes_a_wav_file(page, voice):
    answer = page.post("/api/speech", json={"text": "good morning", "voice": voice})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert sound.getnframes() > 0.3 * sound.getframerate()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"text": "a" * 10_000}, "2000"),
        ({"voice": "tlh"}, "tlh"),
        ({"voice": "../../etc/passwd"}, "voice"),
        ({"rate": 100}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_spoken_is_refused(page, changes, word):
    answer = page.post("/api/speech", json={"text": "hello", "voice": "en-us", **changes})
    assert answer.status_code == 422
    assert word in answer.json()["error"]


def test_half_a_sign_is_no_text(page):
    content = b'{"text": "\\ud800", "voice": "en-us"}'
    answer = page.post("/api/speech", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422)


def test_a_voice_that_crashes_speaks_again():
    with MediaProcess() as media:
        assert media.speak("hello", "en-us", rate=1.0, pitch=1.0)[:4] == b"RIFF"
        assert media._sandbox is not None
        os.kill(media._sandbox._process.pid, signal.SIGKILL)
        with pytest.raises(ValueError, match="again"):
            media.speak("hello", "en-us", rate=1.0, pitch=1.0)
        assert media.speak("hello", "en-us", rate=1.0, pitch=1.0)[:4] == b"RIFF"


def test_without_an_engine_there_are_no_voices(monkeypatch):
    monkeypatch.setattr(media_module, "EspeakSynthesizer", _missing)
    assert media_module._voices() == ({"voices": []}, b"")


def _missing():
    from videospace.runtime.errors import UserError

    raise UserError("not installed")
