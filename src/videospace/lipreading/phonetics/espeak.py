"""The library of eSpeak NG, which finds phonemes and speaks."""

import ctypes
import functools
import threading

_SYNCHRONOUS = 2
"""Sound is passed to a callback, and a call returns when it has ended."""
_PHONEME_EVENTS, _IPA_EVENTS, _NEVER_EXIT = 0x1, 0x2, 0x8000

UTF8 = 1
"""Texts are UTF-8."""

ESPEAK_LOCK = threading.RLock()
"""Held during every call: eSpeak NG has one voice for the whole process."""


@functools.cache
def espeak_library() -> ctypes.CDLL | None:
    """Load and initialize the library (extra ``lipreading``); None where it is not installed."""
    try:
        import espeakng_loader
    except ImportError:
        return None
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError:
        return None
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    options = _PHONEME_EVENTS | _IPA_EVENTS | _NEVER_EXIT
    data = espeakng_loader.get_data_path().encode()
    with ESPEAK_LOCK:
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, options)
    return library if rate > 0 else None
