"""Speech by eSpeak NG, which knows some 140 languages and the times of its phonemes."""

import ctypes
import functools
import re

import numpy as np

from videospace.lipreading.phonetics.espeak import ESPEAK_LOCK, UTF8, espeak_library
from videospace.lipreading.synthesis.speech import (
    PhonemeEvent,
    Speech,
    SpeechSynthesizer,
    Voice,
)
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

SAMPLE_RATE = 22050
"""Samples per second of every voice of eSpeak NG."""
VARIANTS = {
    "": "",
    "+f2": ", woman",
    "+f4": ", young woman",
    "+m3": ", man",
    "+m7": ", deep",
}
"""Variants of each voice: the end of its name, and of its title."""
MAX_SECONDS = 30 * 60.0
"""Longest sound; the callback stops the engine there."""

_RATE, _PITCH = 1, 3
_WORDS_PER_MINUTE, _PITCH_BASE = 170, 50
_EVENT_END, _EVENT_PHONEME = 0, 7
_CHARACTER_POSITION = 1
_SWITCH = re.compile(r"\([^)]*\)")
"""A change of the language, such as ``(en)``."""
_MARKS = str.maketrans("", "", "ˈˌ")
"""Stress, which is no phoneme."""


class EspeakSynthesizer(SpeechSynthesizer):
    """Speaks by eSpeak NG (extra ``lipreading``).

    The same text sounds a little different each time: its length varies by a few per cent.

    Raises:
        UserError: eSpeak NG is not installed.

    Example:
        >>> speech = EspeakSynthesizer().speak("water", "en-us")
        >>> speech.seconds > 0.1
        True
    """

    def __init__(self) -> None:
        library = espeak_library()
        if library is None:
            raise UserError(
                Message(
                    "eSpeak NG is not installed, so nothing can be spoken: install it with "
                    "pip install 'videospace[lipreading]'"
                )
            )
        self._library = library

    def voices(self) -> list[Voice]:
        """All voices, each with its variants; of several for a language, the usual one is first."""
        return list(_voices())

    def _speak(self, text: str, voice: Voice, rate: float, pitch: float) -> Speech:
        sound = _Sound()
        encoded = text.encode()
        with ESPEAK_LOCK:
            if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
                raise UserError(
                    Message(
                        "eSpeak NG has lost its voice '{voice}': choose another one",
                        voice=voice.name,
                    )
                )
            for parameter, value in (
                (_RATE, _WORDS_PER_MINUTE * rate),
                (_PITCH, min(100.0, _PITCH_BASE * pitch)),
            ):
                self._library.espeak_SetParameter(parameter, round(value), 0)
            callback = _CALLBACK(sound.receive)
            self._library.espeak_SetSynthCallback(callback)
            failed = self._library.espeak_Synth(
                encoded, len(encoded) + 1, 0, _CHARACTER_POSITION, 0, UTF8, None, None
            )
        if failed:
            raise UserError(Message("eSpeak NG could not speak this text: shorten or change it"))
        return sound.speech()


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _VoiceInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("spare_byte", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Sound:
    """Collects what the engine passes to its callback."""

    def __init__(self) -> None:
        self._chunks: list[np.ndarray] = []
        self._phonemes: list[tuple[str, float]] = []
        self._num_samples = 0

    def receive(self, samples, number: int, events) -> int:
        """Take a piece of sound; a result of 1 stops the engine."""
        if samples and number > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (number,)).copy())
            self._num_samples += number
        index = 0
        while events and events[index].type != _EVENT_END:
            event = events[index]
            if event.type == _EVENT_PHONEME:
                phoneme = event.id.string.decode(errors="ignore").translate(_MARKS)
                self._phonemes.append((phoneme, event.sample / SAMPLE_RATE))
            index += 1
        return int(self._num_samples > MAX_SECONDS * SAMPLE_RATE)

    def speech(self) -> Speech:
        """All of it."""
        audio = np.concatenate([np.zeros(0, np.int16), *self._chunks])
        seconds = len(audio) / SAMPLE_RATE
        spoken = [(text, at) for text, at in self._phonemes if not _SWITCH.fullmatch(text)]
        ends = [*(at for _, at in spoken[1:]), seconds]
        return Speech(
            audio=audio,
            sample_rate=SAMPLE_RATE,
            phonemes=tuple(
                PhonemeEvent(phoneme=text, start_seconds=at, end_seconds=max(at, end))
                for (text, at), end in zip(spoken, ends, strict=True)
            ),
        )


@functools.cache
def _voices() -> tuple[Voice, ...]:
    library = espeak_library()
    assert library is not None
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceInfo))
    found = []
    with ESPEAK_LOCK:
        listed = library.espeak_ListVoices(None)
        index = 0
        while listed[index]:
            info = listed[index].contents
            if not info.identifier.startswith(b"mb/"):  # which need files of their own
                priority, languages = _languages(info.languages)
                found.append((priority, languages, info.name.decode()))
            index += 1
    return tuple(
        Voice(name=f"{languages[0]}{variant}", languages=languages, title=f"{title}{ending}")
        for _, languages, title in sorted(found, key=lambda each: each[0])
        for variant, ending in VARIANTS.items()
    )


def _languages(address: int) -> tuple[int, tuple[str, ...]]:
    """The languages of a voice, and how well it fits the last one, where 1 is best.

    In memory each is a byte with this priority and a text, and a zero is at the end.
    """
    found, priority = [], 0
    while (byte := ctypes.string_at(address, 1)) != b"\0":
        priority = byte[0]
        text = ctypes.string_at(address + 1)
        found.append(text.decode())
        address += len(text) + 2
    return priority, tuple(found)
