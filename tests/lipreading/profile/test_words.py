"""Lists of words, as people write them."""

import pytest

from videospace.lipreading.profile.words import WordEntry, read_word_list
from videospace.runtime.errors import UserError


def entry(text: str, spoken: str | None = None, note: str = "") -> WordEntry:
    return WordEntry(text=text, spoken=spoken, note=note)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("water\n\n  good   night \n", [entry("water"), entry("good night")]),
        ("water\r\nbread", [entry("water"), entry("bread")]),
        ("Dr. Lee, doctor Lee\nwater", [entry("Dr. Lee", "doctor Lee"), entry("water")]),
        ("Dr. Lee,doctor Lee,mornings", [entry("Dr. Lee", "doctor Lee", "mornings")]),
        ("Word,Spoken form,Note\nwater,,cold", [entry("water", None, "cold")]),
        ("note;word\ncold;water", [entry("water", None, "cold")]),
        ("water\tWATER\t", [entry("water", "WATER")]),
        ('"yes, please",,"say ""please"""', [entry("yes, please", None, 'say "please"')]),
        ("\ufeffword,note\nnaïve,x", [entry("naïve", None, "x")]),
        ("water,,,,", [entry("water")]),
        ("word\nnote", [entry("word"), entry("note")]),
        (
            'water,,"cold; in\r\nthe morning"\r\ntea',
            [entry("water", None, "cold; in the morning"), entry("tea")],
        ),
        ("water\rtea\x0bbread\u2028", [entry("water"), entry("tea"), entry("bread")]),
    ],
)
def test_what_people_write(content, expected):
    assert read_word_list(content) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "at least one word"),
        ("word,note\n", "at least one word"),
        ("water\n,spoken", "line 2 .*empty"),
        (
            "a,b,c,d",
            "line 1 .*4 parts",
        ),
        ('water\n"bread', "line 2"),
        (f"water\n{'a' * 101}", "line 2 .*101"),
        ("water\x07", "line 1 .*U\\+0007"),
    ],
)
def test_lists_that_make_no_sense(content, message):
    with pytest.raises(UserError, match=message):
        read_word_list(content)


def test_only_words_that_are_not_there_are_added(profile):
    entries = read_word_list("tea, tee, hot\nWATER, wotter\nTea")
    assert [word.text for word in profile.add_words(entries)] == ["tea"]
    assert [word.text for word in profile.words()] == ["water", "bread", "yes", "tea"]
    word = profile.word("tea")
    assert (word.spoken, word.note) == ("tee", "hot")
    assert profile.word("water").spoken == "water"
    assert profile.add_words(entries) == []


@pytest.mark.parametrize(
    "content",
    [
        "Word\nwater\ntea\n",
        "word,category\nwater,drinks\ntea,drinks\n",
        "no;Words;Notes\n1;water;cold\n2;tea;hot\n",
    ],
)
def test_a_header_row_is_no_word(content):
    assert [entry.text for entry in read_word_list(content)] == ["water", "tea"]


def test_a_list_of_the_word_word():
    assert [entry.text for entry in read_word_list("word\n")] == ["word"]
