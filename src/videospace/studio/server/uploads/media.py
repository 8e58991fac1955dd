"""A process that speaks, and reads uploaded sounds and pictures."""

import threading

from videospace.lipreading.profile.media import own_voice, small_picture
from videospace.lipreading.synthesis.espeak import EspeakSynthesizer
from videospace.runtime.errors import UserError
from videospace.studio.server.uploads.sandbox import Answer, Sandbox

MEMORY_BYTES = 2**30
MAX_SECONDS = 20.0
"""Time limit for one call; the longest text takes less than a second."""


class MediaProcess:
    """Speaks and reads uploads in a process of its own, which may crash or hang without harm.

    The process begins with the first call.

    Example:
        >>> with MediaProcess() as media:
        ...     media.speak("hello", "en-us", rate=1.0, pitch=1.0)[:4]
        b'RIFF'
    """

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> "MediaProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    def voices(self) -> list[dict]:
        """All voices: their names, languages and titles; none where nothing can speak."""
        found, _ = self._opened().call(_voices, seconds=MAX_SECONDS)
        return found["voices"]

    def speak(self, text: str, voice: str, *, rate: float, pitch: float) -> bytes:
        """Speak a text, and return the sound as a WAV file.

        Args:
            text: What to speak.
            voice: Name of a voice, or a language.
            rate: Speed, where 1 is the usual one.
            pitch: Height of the voice, where 1 is the usual one.

        Raises:
            UserError: Nothing can speak here, the text is too long, or there is no such voice.
            BusyError: Too many other texts are waiting.
        """
        _, wav = self._opened().call(_speak, text, voice, rate, pitch, seconds=MAX_SECONDS)
        return wav

    def read_voice(self, content: bytes) -> tuple[bytes, float]:
        """Prepare a recording of the person's own voice (see :func:`own_voice`).

        Raises:
            UserError: It cannot be read, or is silent.
            BusyError: Too many others are waiting.
        """
        found, flac = self._opened().call(_read_voice, content, seconds=MAX_SECONDS)
        return flac, found["seconds"]

    def read_picture(self, content: bytes) -> bytes:
        """Shrink a picture to what a profile keeps (see :func:`small_picture`).

        Raises:
            UserError: It cannot be read, or is too large.
            BusyError: Too many others are waiting.
        """
        _, webp = self._opened().call(_read_picture, content, seconds=MAX_SECONDS)
        return webp

    def _opened(self) -> Sandbox:
        with self._starting:
            if self._sandbox is None:
                self._sandbox = Sandbox(memory_bytes=MEMORY_BYTES)
            return self._sandbox


def _voices() -> Answer:
    try:
        voices = EspeakSynthesizer().voices()
    except UserError:  # it is not installed
        voices = []
    listed = [
        {"name": voice.name, "languages": list(voice.languages), "title": voice.title}
        for voice in voices
    ]
    return {"voices": listed}, b""


def _speak(text: str, voice: str, rate: float, pitch: float) -> Answer:
    return {}, EspeakSynthesizer().speak(text, voice, rate=rate, pitch=pitch).wav()


def _read_voice(content: bytes) -> Answer:
    flac, seconds = own_voice(content)
    return {"seconds": seconds}, flac


def _read_picture(content: bytes) -> Answer:
    return {}, small_picture(content)
