"""Visemes: the mouth shapes of the sounds of a word."""

import functools
import itertools
import re
import unicodedata

from videospace.lipreading.phonetics.phonemes import phonemes

VISEMES = {
    "lips together": "pbm",
    "teeth on lip": "fvɱ",
    "tongue between teeth": "θð",
    "lips rounded": "wɹrʁʍɥ",
    "lips forward": "ʃʒɕʑ",
    "teeth closed": "szʂʐ",
    "tongue up": "tdnlɾɫɲʎɬç",
    "tongue back": "kgɡŋhxɣcɟqχħɦʔ",
    "mouth spread": "iɪjᵻɨ",
    "mouth half open": "eɛæəɘᵊ",
    "mouth open": "aɑʌɐ",
    "mouth round": "oɔɒ",
    "mouth small": "uʊʉyøœɵ",
    "mouth neutral": "ɜɝɚ",
}
"""Names of mouth shapes with the phonemes that have this shape.

Source: consonants after Jeffers and Barley (1971), "Speechreading"; vowels by the visible opening
and rounding of the mouth.
"""

_SHAPE_OF = {sign: shape for shape, signs in VISEMES.items() for sign in signs}

_SPELLINGS = {
    r"\bkn|\bgn": "n", r"\bwr": "ɹ", r"mb\b": "m", "tch|ch|sh": "ʃ", r"d?ge\b": "ʃ", "th": "θ",
    "ph": "f", "igh": "aɪ", "gh": "", "ck|c(?![eiy])|qu?": "k", "c": "s", "j": "ʃ", "x": "ks",
    "wh": "w", "ng": "ŋ", "ee|ea|ie": "i", "oo|ew|ue": "u", "ou|ow": "aʊ", "oa": "oʊ",
    "ai|ay|ei|ey": "eɪ", "oi|oy": "ɔɪ", r"a(?=[^aeiou]e\b)": "eɪ", r"i(?=[^aeiou]e\b)": "aɪ",
    r"y\b": "i", r"o(?=[^aeiou]e\b)": "oʊ", r"(?<=[^aeiou])e\b": "", "[ei]r|ur": "ɝ",
    "a": "æ", "o": "ɑ", "u": "ʌ", "i|y": "ɪ",
}  # fmt: skip
"""Rough rules of English spelling, for use without espeak-ng."""


@functools.lru_cache(maxsize=4096)
def visemes(text: str, language: str = "en-us") -> tuple[str, ...]:
    """Look up the mouth shapes of a word or phrase.

    Args:
        text: The word or phrase as it is spoken.
        language: An espeak-ng voice. Without espeak-ng (extra ``lipreading``) the shapes are
            guessed from the letters, by the rules of English.

    Returns:
        Names of :data:`VISEMES` in order, no name twice in a row; empty where nothing of the text
        is known.

    Example:
        >>> visemes("mat")
        ('lips together', 'mouth half open', 'tongue up')
        >>> visemes("mat") == visemes("bad")
        True
    """
    spoken = phonemes(text, language)
    signs = from_letters(text) if spoken is None else spoken
    signs = re.sub("[td](?=[ʃʒ])", "", signs)  # tʃ and dʒ look like ʃ and ʒ
    shapes = [_SHAPE_OF[sign] for sign in signs if sign in _SHAPE_OF]
    return tuple(shape for shape, _ in itertools.groupby(shapes))


def from_letters(text: str) -> str:
    """Guess the phonemes of an English word from its letters.

    Args:
        text: Accents are dropped, and signs other than Latin letters are left out.

    Example:
        >>> from_letters("ship"), from_letters("phone"), from_letters("knee")
        ('ʃɪp', 'foʊn', 'ni')
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = re.sub("[^a-z ]", "", plain)
    single = re.sub(r"([^aeiou])\1", r"\1", letters)
    pattern = "|".join(f"({spelling})" for spelling in _SPELLINGS)
    sounds = list(_SPELLINGS.values())
    spoken = re.sub(pattern, lambda found: sounds[(found.lastindex or 1) - 1], single)
    return spoken.replace(" ", "")
