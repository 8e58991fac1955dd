"""Text-to-speech: what every engine offers, and what it returns."""

import abc
import dataclasses
import io
import wave
from pathlib import Path

import numpy as np
from jaxtyping import Int16

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write
from videospace.runtime.messages import Message

MAX_CHARACTERS = 2000
"""Longest text that is spoken at once, some three minutes."""
MIN_RATE, MAX_RATE = 0.4, 2.5
"""Limits of the rate and of the pitch."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Voice:
    """A voice of an engine."""

    name: str
    """Name by which it is chosen."""
    languages: tuple[str, ...]
    """Languages that it speaks, such as ``en-us`` or ``de``, its own one first."""
    title: str
    """What a person is shown."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PhonemeEvent:
    """A phoneme in speech, and when it is heard."""

    phoneme: str
    """In the international phonetic alphabet; empty for a pause."""
    start_seconds: float
    """From the beginning of the sound."""
    end_seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Speech:
    """A spoken text.

    Example:
        >>> speech = Speech(audio=np.zeros(22050, np.int16), sample_rate=22050)
        >>> (speech.seconds, speech.wav()[:4])
        (1.0, b'RIFF')
    """

    audio: Int16[np.ndarray, " sample"]
    """Mono, in [-32768, 32767]."""
    sample_rate: int
    """Samples per second."""
    phonemes: tuple[PhonemeEvent, ...] = ()
    """The phonemes in their order; empty where the engine does not tell them."""

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.audio) / self.sample_rate

    def wav(self) -> bytes:
        """The sound as a WAV file."""
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(self.audio.astype("<i2").tobytes())
        return content.getvalue()

    def save(self, path: Path) -> None:
        """Write the sound to a WAV file.

        Raises:
            UserError: The name does not end in ``.wav``, or the file cannot be written.
        """
        if path.suffix.lower() != ".wav":
            raise UserError(f"expected a file name that ends in .wav, got '{path.name}'")
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(self.wav())


class SpeechSynthesizer(abc.ABC):
    """An engine that speaks texts. Engines may be called from several threads."""

    @abc.abstractmethod
    def voices(self) -> list[Voice]:
        """All voices. Of several for one language, the plainest is first."""

    def speak(self, text: str, voice: str, *, rate: float = 1.0, pitch: float = 1.0) -> Speech:
        """Speak a text.

        Args:
            text: What to speak, in any script that the voice knows.
            voice: Name of a voice, or a language, for which :func:`voice_for` chooses one.
            rate: Speed, where 1 is the usual one and 2 twice as fast; in [0.4, 2.5].
            pitch: Height of the voice, where 1 is the usual one; in [0.4, 2.5].

        Raises:
            UserError: The text is too long, there is no such voice, or a number is out of range.
        """
        for what, value in (("rate", rate), ("pitch", pitch)):
            if not MIN_RATE <= value <= MAX_RATE:
                raise UserError(f"expected a {what} from {MIN_RATE} to {MAX_RATE}, got {value}")
        if len(text) > MAX_CHARACTERS:
            raise UserError(
                Message(
                    "expected a text of at most {most} characters to speak, got {count}: "
                    "speak it in parts",
                    most=MAX_CHARACTERS,
                    count=len(text),
                )
            )
        found = voice_for(self.voices(), voice)
        if found is None:
            raise UserError(
                Message(
                    "expected a voice or a language that can be spoken, got '{voice}': choose "
                    "another one ('videospace lipread say --voices' lists them)",
                    voice=voice,
                )
            )
        # Line breaks and other control characters are heard as pauses at most.
        spoken = "".join(sign if sign.isprintable() else " " for sign in text)
        return self._speak(spoken, found, rate, pitch)

    @abc.abstractmethod
    def _speak(self, text: str, voice: Voice, rate: float, pitch: float) -> Speech:
        """Speak a text of printable characters."""


def voice_for(voices: list[Voice], wanted: str) -> Voice | None:
    """The voice of a name or, if there is none, one for the language; None where there is none.

    A language without a voice of its own takes one of the same language elsewhere.

    Args:
        voices: The voices to choose from, the preferred first.
        wanted: Name of a voice, or a language.

    Example:
        >>> german = Voice(name="de", languages=("de",), title="German")
        >>> voice_for([german], "de-at") is german
        True
        >>> voice_for([german], "tlh")
    """
    wanted = wanted.casefold()
    base = wanted.partition("-")[0]
    fits = (
        lambda voice: voice.name.casefold() == wanted,
        lambda voice: voice.languages[0] == wanted,
        lambda voice: wanted in voice.languages,
        lambda voice: base in voice.languages,
        lambda voice: base in {each.partition("-")[0] for each in voice.languages},
    )
    return next((voice for fit in fits for voice in voices if fit(voice)), None)
