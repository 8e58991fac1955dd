"""Words that look alike, with and without espeak-ng."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.lipreading.phonetics import phonemes as phonemes_module
from videospace.lipreading.phonetics import visemes as visemes_module
from videospace.lipreading.phonetics.homophenes import look_alikes, shape_difference
from videospace.lipreading.phonetics.phonemes import phonemes
from videospace.lipreading.phonetics.visemes import VISEMES, from_letters, visemes

HOMOPHENES = [("mat", "bat"), ("pad", "man"), ("fan", "van"), ("shoo", "chew"), ("park", "mark")]
DIFFERENT = [("water", "bread"), ("yes", "no"), ("fish", "dish"), ("mat", "moot"), ("thin", "tin")]


@pytest.fixture(params=["espeak-ng", "letters"])
def pronunciation(request, monkeypatch):
    """Both ways to know how a word is spoken."""
    visemes.cache_clear()
    if request.param == "letters":
        monkeypatch.setattr(visemes_module, "phonemes", lambda text, language: None)
    elif phonemes("a") is None:
        pytest.fail("the tests need the extra 'lipreading' (espeakng-loader)")
    yield request.param
    visemes.cache_clear()


@pytest.mark.parametrize(("one", "other"), HOMOPHENES)
def test_homophenes(pronunciation, one, other):
    assert visemes(one) == visemes(other) != ()


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_words_that_look_different(pronunciation, one, other):
    assert visemes(one) != visemes(other)


def test_every_name_of_a_shape_is_told(pronunciation):
    shapes = visemes("five black sheep think they would judge you")
    assert set(shapes) <= set(VISEMES)
    assert len(set(shapes)) >= 8
    assert all(one != other for one, other in itertools.pairwise(shapes))


def test_no_phoneme_stands_for_two_shapes():
    signs = "".join(VISEMES.values())
    assert len(signs) == len(set(signs))


def test_phonemes_of_english_and_german():
    assert phonemes("bat") == "bæt"
    assert phonemes("Wasser", "de") != phonemes("Wasser", "en-us")
    assert phonemes("one. two, three!") == phonemes("one two three")
    assert phonemes("bat", "no-such-voice") is None
    assert phonemes("") == ""


def test_phonemes_from_many_threads():
    from concurrent.futures import ThreadPoolExecutor

    words = ["bat", "water", "hello", "church"] * 10
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(phonemes, words)) == [phonemes(word) for word in words]


def test_without_espeak(monkeypatch):
    monkeypatch.setattr(phonemes_module, "espeak_library", lambda: None)
    visemes.cache_clear()
    assert phonemes("bat") is None
    assert visemes("bat") == visemes("mad")
    visemes.cache_clear()


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("bat", "bæt"), ("ship", "ʃɪp"), ("phone", "foʊn"), ("knee", "ni"), ("happy", "hæpi"),
        ("time", "taɪm"), ("night", "naɪt"), ("climb", "klɪm"), ("Crème", "krem"), ("☕", ""),
        ("thank you", "θænkɪaʊ"),
    ],
)  # fmt: skip
def test_letters(text, sounds):
    assert from_letters(text) == sounds


def test_look_alikes_are_named_the_most_alike_first(pronunciation):
    others = [("Water", "water"), ("paper", "paper"), ("Baby boom", "baby boom"), ("men", "men")]
    found = look_alikes("pen", [*others, ("bent", "bent")], limit=0.3)
    assert [item.word for item in found] == ["men", "bent"][: len(found)]
    assert found[0].difference == 0.0


def test_what_cannot_be_spoken_looks_like_nothing(pronunciation):
    assert visemes("—") == ()
    assert look_alikes("—", [("…", "…"), ("mat", "mat")]) == []


def test_differences_of_known_rows():
    assert shape_difference("kitten", "sitting") == pytest.approx(3 / 7)
    assert shape_difference("abc", "abc") == 0.0
    assert shape_difference("abc", "") == 1.0


@given(st.text("abc", min_size=1, max_size=6), st.text("abc", min_size=1, max_size=6))
def test_a_difference_is_a_share_and_has_no_direction(one, other):
    difference = shape_difference(one, other)
    assert 0 <= difference <= 1
    assert difference == shape_difference(other, one)
    assert (difference == 0) == (one == other)
