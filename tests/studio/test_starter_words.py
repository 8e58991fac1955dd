"""The words that the first hour begins with, which are written in the page's language."""

import json
import re

import pytest

from videospace.lipreading.phonetics.homophenes import look_alikes
from videospace.lipreading.profile.words import read_word_list
from videospace.studio.server.app import STATIC

FILE = STATIC / "talk" / "teaching" / "starter_words.js"
VOICES = {"en": "en-us", "de": "de", "fr": "fr", "es": "es", "hi": "hi"}


def starter_words() -> dict[str, list[str]]:
    found = re.findall(r"^  (\w\w): (\[.*\]),$", FILE.read_text(encoding="utf-8"), re.MULTILINE)
    return {language: json.loads(words) for language, words in found}


def test_every_language_has_its_list():
    assert starter_words().keys() == VOICES.keys()


@pytest.mark.parametrize("language", VOICES)
def test_twenty_words_can_be_told_apart_by_the_lips(language):
    words = starter_words()[language]
    assert len({entry.text for entry in read_word_list("\n".join(words))}) == 20
    for word in words:
        others = [(other, other) for other in words if other != word]
        found = look_alikes(word, others, language=VOICES[language])
        assert [each.word for each in found if each.difference == 0] == []
