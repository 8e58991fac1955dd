"""Text-to-speech: what eSpeak NG speaks, and what it refuses."""

import io
import wave
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.io import wavfile

from videospace.lipreading.phonetics import espeak as library_module
from videospace.lipreading.phonetics.phonemes import phonemes
from videospace.lipreading.synthesis import espeak as espeak_module
from videospace.lipreading.synthesis.espeak import EspeakSynthesizer
from videospace.lipreading.synthesis.speech import MAX_CHARACTERS, Speech, Voice, voice_for
from videospace.runtime.errors import UserError


@pytest.fixture(scope="module")
def speaker() -> EspeakSynthesizer:
    return EspeakSynthesizer()


def test_a_text_becomes_sound_with_the_times_of_its_phonemes(speaker):
    speech = speaker.speak("water please", "en-us")
    assert 0.4 < speech.seconds < 3
    assert np.abs(speech.audio.astype(int)).max() > 3000
    spoken = [event.phoneme for event in speech.phonemes if event.phoneme]
    assert "ɔː" in spoken[:2]  # eSpeak sometimes gives the short first sound no time of its own
    assert spoken[-4:] == ["p", "l", "iː", "z"]
    starts = [event.start_seconds for event in speech.phonemes]
    assert starts == sorted(starts)
    assert speech.phonemes[-1].end_seconds == pytest.approx(speech.seconds, abs=0.05)
    for event, following in zip(speech.phonemes, speech.phonemes[1:], strict=False):
        assert event.end_seconds == following.start_seconds
    # The vowels are where the sound is: its loudest tenth of a second is within the words.
    loud = np.convolve(np.abs(speech.audio.astype(float)), np.ones(2205), "same").argmax()
    assert speech.phonemes[0].start_seconds < loud / speech.sample_rate < starts[-1]


def test_rate_and_pitch_change_the_sound(speaker):
    usual = speaker.speak("good morning", "en-us")
    assert speaker.speak("good morning", "en-us", rate=2.0).seconds < 0.8 * usual.seconds
    assert _pitch_hz(speaker.speak("good morning", "en-us", pitch=1.6)) > 1.2 * _pitch_hz(usual)
    again = speaker.speak("good morning", "en-us")
    assert again.seconds == pytest.approx(usual.seconds, rel=0.1)  # it keeps no settings


def _pitch_hz(speech: Speech) -> float:
    """The fundamental frequency of the loudest quarter of a second, from 60 to 400 Hz."""
    loudness = np.convolve(np.abs(speech.audio.astype(float)), np.ones(5512), "valid")
    piece = speech.audio[loudness.argmax() :][:5512].astype(float)
    alike = np.correlate(piece, piece, "full")[len(piece) - 1 :]
    shortest, longest = speech.sample_rate // 400, speech.sample_rate // 60
    return speech.sample_rate / (shortest + alike[shortest:longest].argmax())


def test_wav_files_are_read_by_others(speaker, tmp_path):
    speech = speaker.speak("yes", "en-us")
    speech.save(tmp_path / "yes.wav")
    rate, samples = wavfile.read(tmp_path / "yes.wav")
    assert rate == speech.sample_rate
    np.testing.assert_array_equal(samples, speech.audio)
    with wave.open(io.BytesIO(speech.wav())) as file:
        assert (file.getnchannels(), file.getnframes()) == (1, len(speech.audio))
    with pytest.raises(UserError, match=r"\.wav"):
        speech.save(tmp_path / "yes.mp3")
    with pytest.raises(UserError, match="cannot write"):
        speech.save(tmp_path / "no folder" / "yes.wav")


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Guten Morgen"), ("hi", "नमस्ते"), ("he", "שלום"), ("ar", "صباح الخير"), ("cmn", "你好")],
)
def test_other_languages_and_scripts(speaker, language, text):
    assert speaker.speak(text, language).seconds > 0.2


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("en", "en-gb"), ("en-us", "en-us"), ("EN-US+F2", "en-us+f2"), ("fr", "fr-fr"),
        ("de-at", "de"), ("en-za", "en-gb"), ("no", "nb"), ("zh", "cmn"),
    ],
)  # fmt: skip
def test_the_voice_for_a_language(speaker, wanted, chosen):
    found = voice_for(speaker.voices(), wanted)
    assert found is not None
    assert found.name == chosen


def test_there_is_no_voice_for_a_language_nobody_knows(speaker):
    assert voice_for(speaker.voices(), "tlh") is None
    assert voice_for([Voice(name="de", languages=("de",), title="")], "d") is None
    for unknown in ("tlh", "", "en-us+f99", "../en", "de+"):
        with pytest.raises(UserError, match="voice"):
            speaker.speak("hello", unknown)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "...", "\0", "🙂", "\u202e", "<speak>", "[[h@]]"]
)
def test_texts_with_little_to_say_do_no_harm(speaker, text):
    assert speaker.speak(text, "en-us").seconds < 5


def test_a_text_does_not_end_at_a_control_character(speaker):
    whole, part = (speaker.speak(text, "en-us").seconds for text in ("one\0two\nthree", "one"))
    assert whole > 1.5 * part


def test_the_longest_text_is_spoken_and_a_longer_one_refused(speaker):
    assert speaker.speak("a " * (MAX_CHARACTERS // 2), "en-us").seconds > 30
    with pytest.raises(UserError, match="10000"):
        speaker.speak("a" * 10_000, "en-us")


@pytest.mark.parametrize(
    "changes", [{"rate": 0.0}, {"rate": 50.0}, {"pitch": -1.0}, {"pitch": 9.0}]
)
def test_numbers_out_of_range(speaker, changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        speaker.speak("hello", "en-us", **changes)


def test_a_sound_without_end_is_stopped(speaker, monkeypatch):
    monkeypatch.setattr(espeak_module, "MAX_SECONDS", 1.0)
    assert speaker.speak("one two three four five six seven " * 20, "en-us").seconds < 5


def test_many_threads_speak_and_ask_for_phonemes_at_once(speaker):
    alone = {text: _heard(speaker, text) for text in ("water", "bread", "good night to all")}
    sounds = {text: phonemes(text) for text in alone}

    def work(text):
        return _heard(speaker, text), phonemes(text)

    texts = list(alone) * 8
    with ThreadPoolExecutor(4) as pool:
        for text, (heard, found) in zip(texts, pool.map(work, texts), strict=True):
            assert (heard, found) == (alone[text], sounds[text])


def _heard(speaker: EspeakSynthesizer, text: str) -> list[str]:
    return [event.phoneme for event in speaker.speak(text, "en-us").phonemes]


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(espeak_module, "espeak_library", lambda: None)
    with pytest.raises(UserError, match="pip install"):
        EspeakSynthesizer()


def test_a_library_that_cannot_be_loaded_counts_as_missing(monkeypatch):
    import espeakng_loader

    library_module.espeak_library.cache_clear()
    monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: "/nowhere.so")
    assert library_module.espeak_library() is None
    library_module.espeak_library.cache_clear()
