"""Phonemes of words, from eSpeak NG where it is installed."""

import ctypes
import re

from videospace.lipreading.phonetics.espeak import ESPEAK_LOCK, UTF8, espeak_library

_IPA = 2
"""Phonemes are signs of the international phonetic alphabet."""

_NO_PHONEMES = re.compile(r"\([^)]*\)|[ˈˌːˑ‿.,;!?\-|_ \n\u0300-\u036f]")
"""Language switches, stress, length, ties and pauses, which do not show on the lips."""


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
    speaker = espeak_library()
    if speaker is None:
        return None
    with ESPEAK_LOCK:
        if speaker.espeak_SetVoiceByName(language.encode()) != 0:
            return None
        # espeak-ng moves the pointer to the rest of the text, clause by clause.
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value:
            clauses.append(speaker.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, _IPA) or b"")
    return _NO_PHONEMES.sub("", b" ".join(clauses).decode())
