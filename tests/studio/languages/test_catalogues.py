"""The catalogues: complete, with equal placeholders, and with every text of the pages in them."""

import ast
import io
import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime.messages import Message
from videospace.studio.languages import catalogues, extraction
from videospace.studio.languages.catalogues import (
    chosen_language,
    current_language,
    languages,
    page_words,
    plural_forms,
    read_catalogue,
    translated,
)

OTHERS = [language for language in languages() if language != "en"]
SENTENCE = re.compile(r"[A-Z][\w’']*[ ,.?!…]|[a-z]+ [a-z]+.* [a-z]+")
"""What looks like English words for people, not like a selector or a name in the code."""
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`')
NO_WORDS = re.compile(r"[#\[\]=>]|^[.:@]|, \.|^(?:[a-z-]+, )+[a-z-]+$|^M |^use strict$")
KEPT = {"PSNR (dB)", "from drag to picture", "English (US)", "English (GB)"}
"""Texts that are the same in every language."""
ERRORS = {"UserError", "NotFound", "Locked", "BusyError"}
IN_THE_TERMINAL = {"private_files.py", "serve.py", "spaces.py", "symbols.py"}
"""Files that refuse to start the studio, which the terminal says in English."""
HAS_ITS_OWN = {"loading.js"}
OF_THE_PERSON = {"starter_words.js", "voice_sample.js"}
"""Scripts with words in the language of the person."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def marks(text: str) -> list[str]:
    return sorted(re.findall(r"</?\d>", text))


def texts_of(value: Any) -> tuple[str, ...]:
    """The id or the translations of a message, of which those with a number have several."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def entries(language: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    messages = [message for message in read_catalogue(language) if message.id]
    return [(texts_of(message.id), texts_of(message.string)) for message in messages]


def test_there_are_five_languages():
    assert languages().keys() >= {"en", "de", "fr", "es", "hi"}
    assert languages()["hi"] == "हिन्दी"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_none_is_left_over(language):
    texts = {texts_of(message.id) for message in extraction.template() if message.id}
    known = {ids for ids, _ in entries(language)}
    advice = "run python -m videospace.studio.languages.extraction, then translate"
    assert known == texts, advice
    assert [ids for ids, strings in entries(language) if not all(strings)] == [], advice
    assert not any(message.fuzzy for message in read_catalogue(language) if message.id)


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_placeholders_and_lines_of_the_text(language):
    for ids, strings in entries(language):
        for text in strings:
            lacking = placeholders(ids[-1]) ^ placeholders(text)
            assert lacking <= {"what", "kind"}, (ids, text)  # English words in the values
            assert marks(text) == marks(ids[-1]), (ids, text)
            assert text.count("\n") == ids[-1].count("\n"), (ids, text)
            assert text == text.strip(), (ids, text)


@pytest.mark.parametrize("language", OTHERS)
def test_every_plural_category_has_a_form(language):
    catalogue = read_catalogue(language)
    assert set(plural_forms(language).values()) == set(range(catalogue.num_plurals))
    for ids, strings in entries(language):
        if len(ids) > 1:
            assert len(strings) == catalogue.num_plurals
            forms = page_words(language)["messages"][ids[0]]
            assert forms.keys() == plural_forms(language).keys()


def test_no_text_of_the_scripts_is_outside_the_catalogue():
    known = "\n".join(id for ids, _ in entries("de") for id in ids)
    outside = []
    paths = sorted(extraction.PAGES.rglob("*.js"))
    for path in (path for path in paths if path.name not in OF_THE_PERSON | HAS_ITS_OWN):
        code = re.sub(r"^\s*//.*|(?<=[;,{]) // .*", "", path.read_text("utf-8"), flags=re.MULTILINE)
        for text in LITERAL.findall(code):
            plain = re.sub(r"\$\{(gettext\(.*\)|[^}]*)\}", "", text[1:-1]).strip()
            is_words = SENTENCE.search(plain) and not NO_WORDS.search(plain)
            if is_words and plain not in known and plain not in KEPT:
                outside.append((path.name, text))
    assert outside == []


def test_what_the_server_refuses_is_a_message():
    found = []
    for path in sorted((extraction.PACKAGE / "studio" / "server").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ERRORS:
                is_plain = any(isinstance(each, ast.Constant | ast.JoinedStr) for each in call.args)
                found += [(path.name, call.lineno)] if is_plain else []
    assert [each for each in found if each[0] not in IN_THE_TERMINAL] == []


def test_a_page_is_written_as_its_script_reads_it():
    page = '<p title="Good day">One <kbd>Esc</kbd>\n two <b translate="no">Three</b></p>'
    sentence = "<p data-sentence>See <a href='#a'>Data</a>, or\n <em>not</em>.</p><p>5 s</p>"
    assert extraction.page_texts(page) == ["Good day", "One", "two"]
    assert extraction.page_texts(sentence) == ["See <1>Data</1>, or <2>not</2>."]


def test_an_update_changes_nothing_where_all_is_translated(tmp_path):
    extraction.update_catalogues(tmp_path)
    for language in OTHERS:
        name = f"{language}.po"
        assert (tmp_path / name).read_bytes() == (catalogues.FOLDER / name).read_bytes()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, fr-CA;q=0.7", "fr"),
        ("hi_IN", "hi"),
        ("ja, *;q=0.5", "en"),
        ("de;q=0,es", "es"),
        ("de;q=wrong, fr;q=0.2", "fr"),
    ],
)
def test_the_preferred_language_is_chosen(header, expected):
    assert chosen_language(header) == expected


@given(st.text())
def test_any_header_names_a_language(header):
    assert chosen_language(header) in languages()


def test_a_message_is_said_in_the_language_of_the_request():
    message = Message("there is no word '{word}': it may be deleted already", word="{tea}")
    inner = Message("line {line} of the list: {reason}", line=3, reason=message)
    token = current_language.set("de")
    try:
        assert "{tea}" in translated(message) != message
        assert translated(message) in translated(inner)
    finally:
        current_language.reset(token)
    assert translated(inner) == inner == f"line 3 of the list: {message}"
    assert translated("a plain text", "de") == "a plain text"
    assert translated(None, "de") is None


def test_an_unknown_message_stays_english():
    assert translated(Message("nobody translates {this}", this="so"), "hi") == (
        "nobody translates so"
    )


def test_every_language_has_a_direction_and_the_names_of_all():
    for language in languages():
        words = page_words(language)
        assert words["language"] == language
        assert words["direction"] == "ltr"
        assert words["languages"] == languages()


def test_a_catalogue_of_a_contributor_is_found(tmp_path, monkeypatch):
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    text = f'{head}msgid "Save"\nmsgstr "حفظ"\n'
    (tmp_path / "ar.po").write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    caches = (languages, read_catalogue, page_words)
    for cache in caches:
        cache.cache_clear()
    try:
        words = page_words(chosen_language("ar-EG"))
        assert (words["direction"], words["messages"]) == ("rtl", {"Save": "حفظ"})
        assert set(plural_forms("ar").values()) == set(range(6))
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()


def test_messages_pass_from_process_to_process():
    import json
    import pickle

    message = Message("{what} is {share:.1f}", what=Message("the name"), share=0.25)
    for copy in (
        pickle.loads(pickle.dumps(message)),
        Message.from_json(json.loads(json.dumps(message.to_json()))),
    ):
        assert isinstance(copy, Message)
        assert (copy, copy.template, copy.values) == (message, message.template, message.values)
        assert isinstance(copy.values["what"], Message)
    assert io.StringIO(message).read() == "the name is 0.2"
