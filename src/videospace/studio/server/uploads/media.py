"""A process that speaks."""

import threading

from videospace.lipreading.synthesis.espeak import EspeakSynthesizer
from videospace.runtime.errors import UserError
from videospace.studio.server.uploads.sandbox import Answer, Sandbox

MEMORY_BYTES = 2**30
MAX_SECONDS = 20.0
"""Time limit for one text; the longest takes less than a second."""


class MediaProcess:
    """Speaks texts in a process of its own, which may crash or hang without harm.

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
