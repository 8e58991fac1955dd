"""How a word is spoken: phonemes from eSpeak NG, where it is installed."""

import ctypes
import functools
import re
import threading

_RETRIEVAL, _UTF8, _IPA = 1, 1, 2
"""Values of espeak-ng's speak_lib.h: no sound is played, text is UTF-8, phonemes are IPA."""

_NO_PHONEMES = re.compile(r"\([^)]*\)|[ˈˌːˑ‿.,;!?\-|_ \n\u0300-\u036f]")
"""Language switches, stress, length, ties and pauses: nothing of it shows on the lips."""

_lock = threading.Lock()
"""espeak-ng has one voice for the whole process."""


def phonemes(text: str, language: str = "en-us") -> str | None:
    """The phonemes of a word or phrase.

    Args:
        text: As it is spoken.
        language: An espeak-ng voice, such as ``en-us``, ``en-gb``, ``de`` or ``fr``.

    Returns:
        International phonetic signs in a row, without stress and length; empty where nothing of
        the text can be spoken; None where espeak-ng (extra ``lipreading``) or the voice is missing.

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
        # What is left of the text moves along with the pointer, clause by clause.
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value:
            clauses.append(speaker.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA) or b"")
    return _NO_PHONEMES.sub("", b" ".join(clauses).decode())


@functools.cache
def _espeak() -> ctypes.CDLL | None:
    """The library, ready; None where it is not installed."""
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
