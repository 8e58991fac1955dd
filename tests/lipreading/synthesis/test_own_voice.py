"""Recordings of the person's own voice."""

import contextlib
import io

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.lipreading.synthesis import own_voice
from videospace.lipreading.synthesis.own_voice import SAMPLE_RATE, read_own_voice, to_flac
from videospace.lipreading.synthesis.speech import Speech
from videospace.runtime.errors import UserError

RATE = 48000


def tone(seconds: float, loudness: float = 0.2) -> np.ndarray:
    moments = np.arange(round(seconds * RATE)) / RATE
    return (loudness * 32767 * np.sin(2 * np.pi * 220 * moments)).astype(np.int16)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.int16)


def encoded(samples: np.ndarray, format: str, codec: str) -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format=format) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, "mono", RATE, stream.frame_size or None)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return content.getvalue()


@pytest.mark.parametrize(
    ("format", "codec"),
    [
        ("wav", "pcm_s16le"),
        ("webm", "libopus"),
        ("mp4", "aac"),
        ("flac", "flac"),
        ("ogg", "libopus"),
    ],
)
def test_what_browsers_record_is_trimmed_and_made_loud(format, codec):
    sound = np.concatenate([silence(0.8), tone(0.5), silence(1.0)])
    speech = read_own_voice(encoded(sound, format, codec))
    assert speech.sample_rate == SAMPLE_RATE
    assert speech.seconds == pytest.approx(0.5 + 2 * own_voice.MARGIN_SECONDS, abs=0.12)
    assert np.abs(speech.audio.astype(int)).max() == pytest.approx(0.9 * 32767, rel=0.02)
    spectrum = np.abs(np.fft.rfft(speech.audio.astype(float)))
    assert np.fft.rfftfreq(len(speech.audio), 1 / SAMPLE_RATE)[spectrum.argmax()] == pytest.approx(
        220, abs=5
    )


def test_flac_loses_nothing():
    audio = (np.random.default_rng(0).normal(0, 3000, 5000)).astype(np.int16)
    content = to_flac(Speech(audio=audio, sample_rate=SAMPLE_RATE))
    with av.open(io.BytesIO(content)) as container:
        again = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    np.testing.assert_array_equal(again, audio)


def test_a_long_recording_is_cut():
    sound = np.tile(tone(1.0), 40)
    assert read_own_voice(encoded(sound, "wav", "pcm_s16le")).seconds == own_voice.MAX_SECONDS


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "WAV"),
        (b"hello", "WAV"),
        (b"RIFF" + bytes(100), "damaged"),
        (b"\x1a\x45\xdf\xa3" + bytes(1000), "damaged"),
        (b"#EXTM3U\nfile:///etc/passwd", "WAV"),
        (encoded(silence(1.0), "wav", "pcm_s16le"), "silent"),
        (encoded(tone(1.0), "wav", "pcm_s16le")[:44], "silent|damaged"),
    ],
)
def test_a_file_that_is_no_sound_is_refused_in_words(content, word):
    with pytest.raises(UserError, match=word):
        read_own_voice(content)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_damaged_sounds_raise_one_kind_of_error(noise, position):
    content = bytearray(encoded(tone(0.05), "wav", "pcm_s16le"))
    content[position : position + len(noise)] = noise
    with contextlib.suppress(UserError):
        read_own_voice(bytes(content))
