"""Phonemes of words, from eSpeak NG where it is installed."""

import ctypes
import functools
import re
import threading

_RETRIEVAL, _UTF8, _IPA = 1, 1, 2
"""Values of espeak-ng's speak_lib.h: no sound is played, text is UTF-8, phonemes are IPA."""

_NO_PHONEMES = re.compile(r"\([^)]*\)|[ˈˌːˑ‿.,;!?\-|_ \n\u0300-\u036f]")
"""Language switches, stress, length, ties and pauses, which do not show on the lips."""

_lock = threading.Lock()
"""espeak-ng has one voice for the whole process."""


def phonemes(text: str, language: str = "en-us") -> str | None:
    """Look up the phonemes of a word or phrase.

    Args:
        text: The word or phrase as it is spoken.
        language: An espeak-ng voice, such as ``en-us``, ``en-gb``, ``de`` or ``fr``.

    Returns:
        Signs of the international phonetic alphabet, without stress and length; empty where the
        text has nothing to speak; None where espeak-ng (extra ``lipreading``) or the voice is
        missing.

    Example:
        >>> spoken = phonemes("bat")
        >>> spoken in (None, "bæt")
        True
    """
    speaker = _espeak()
    if speaker is None:
        return None
    with _lock:
        if speaker.espeak_SetVoiceByName(language.encode()) != 0:
            return None
        # espeak-ng moves the pointer to the rest of the text, clause by clause.
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value:
            clauses.append(speaker.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA) or b"")
    return _NO_PHONEMES.sub("", b" ".join(clauses).decode())


@functools.cache
def _espeak() -> ctypes.CDLL | None:
    """Load and initialize the library; None where it is not installed."""
    try:
        import espeakng_loader
    except ImportError:
        return None
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError:
        return None
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    rate = library.espeak_Initialize(_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0)
    return library if rate > 0 else None
