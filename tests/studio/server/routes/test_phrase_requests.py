"""Requests about pictures, own voice, symbols, what was said, and suggestions."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.support.used_profile import mouth

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.synthesis.speech import Speech
from videospace.runtime.errors import UserError
from videospace.studio.server.sessions.symbols import SymbolSet

WAV = {"Content-Type": "audio/wav"}


def sound(loudness: float = 9000.0) -> bytes:
    wave = loudness * np.sin(np.arange(12_000) / 16)
    return Speech(audio=wave.astype(np.int16), sample_rate=24_000).wav()


def picture(format: str = "PNG", size=(600, 300)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(content, format)
    return content.getvalue()


@pytest.fixture
def ann(page) -> str:
    """The address of a profile without words."""
    return f"/api/profiles/{page.post('/api/profiles', json={'person': 'Ann'}).json()['id']}"


def test_own_voice_is_kept_played_and_deleted(page, ann):
    answer = page.put(f"{ann}/voice", params={"text": "Good night"}, content=sound(), headers=WAV)
    assert answer.status_code == 200, answer.text
    kept = answer.json()
    assert (kept["text"], kept["kind"]) == ("Good night", "voice")
    assert 0.3 < kept["seconds"] < 1
    assert page.get(f"{ann}/media").json() == [kept]
    played = page.get(f"{ann}/media/{kept['id']}")
    assert (played.headers["content-type"], played.content[:4]) == ("audio/flac", b"fLaC")
    gone = {"kind": "voice", "text": "good night"}
    assert page.delete(f"{ann}/media", params=gone).status_code == 204
    assert page.get(f"{ann}/media").json() == []
    assert page.delete(f"{ann}/media", params=gone).status_code == 404
    assert page.get(f"{ann}/media/{kept['id']}").status_code == 404


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_kept_small(page, ann, format):
    kind = {"Content-Type": f"image/{format.lower()}"}
    kept = page.put(
        f"{ann}/picture", params={"text": "tea"}, content=picture(format), headers=kind
    ).json()
    answer = page.get(f"{ann}/media/{kept['id']}")
    assert answer.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(answer.content)) as small:
        assert small.size == (256, 128)


@pytest.mark.parametrize(
    ("what", "kind", "content", "status", "word"),
    [
        ("voice", "audio/wav", b"hello", 422, "WAV"),
        ("voice", "audio/wav", sound(0.0), 422, "silent"),
        ("voice", "text/plain", b"hello", 415, "audio"),
        ("voice", "audio/wav", bytes(9 * 2**20), 413, "smaller"),
        ("picture", "image/png", b"hello", 422, "picture"),
        ("picture", "image/png", picture(size=(9000, 9000)), 422, "million"),
        ("picture", "image/svg+xml", b"<svg/>", 415, "image"),
    ],
)  # fmt: skip
def test_uploads_that_are_none_are_refused_in_words(page, ann, what, kind, content, status, word):
    answer = page.put(
        f"{ann}/{what}", params={"text": "tea"}, content=content, headers={"Content-Type": kind}
    )
    assert (answer.status_code, word in answer.json()["error"]) == (status, True), answer.text
    assert page.get(f"{ann}/media").json() == []


def test_a_text_that_is_too_long_has_no_voice(page, ann):
    answer = page.put(f"{ann}/voice", params={"text": "a" * 500}, content=sound(), headers=WAV)
    assert answer.status_code == 422


def test_what_was_said_is_listed_suggested_and_forgotten(page, ann):
    for text in ("I want", "tea", "please"):
        answer = page.post(f"{ann}/said", json={"sentence": "1", "text": text})
        assert answer.status_code == 201
    listed = page.get(f"{ann}/said").json()
    assert [each["text"] for each in listed] == ["I want", "tea", "please"]
    asked = {"before": ["I want", "TEA"]}
    assert page.get(f"{ann}/suggestions", params=asked).json()[0] == "please"
    assert page.get(f"{ann}/suggestions").json()[0] == "I want"
    one = {"identity": listed[1]["id"]}
    assert page.delete(f"{ann}/said", params=one).status_code == 204
    assert page.delete(f"{ann}/said", params=one).status_code == 404
    assert len(page.get(f"{ann}/said").json()) == 2
    assert page.delete(f"{ann}/said").status_code == 204
    assert page.get(f"{ann}/said").json() == []


def test_phrases_may_have_categories(page, ann):
    phrases = ["Yes", "Food:", "I am hungry", "שלום"]
    answer = page.patch(ann, json={"phrases": phrases, "context": True}).json()
    assert (answer["phrases"], answer["context"]) == (phrases, True)
    assert page.patch(ann, json={"phrases": ["a" * 500]}).status_code == 422
    assert page.get(ann).json()["phrases"] == phrases


def test_the_sentence_so_far_counts_only_where_it_is_wanted(app_state, page, ann):
    profile = app_state.profiles.find(ann.rpartition("/")[2])
    for number, word in enumerate(("water", "bread")):
        profile.add_word(word)
        profile.add_clip(word, mouth(number), source="test")
    for number in range(30):
        for text in ("I want", "bread"):
            page.post(f"{ann}/said", json={"sentence": str(number), "text": text})

    def probability() -> float:
        recognition = app_state.recognition(ann.rpartition("/")[2])
        found = recognition.add_recording((mouth(7), ()), before=["I want"]).recognition
        return found.probabilities[found.words.index("bread")]

    before = probability()
    page.patch(ann, json={"context": True})
    assert probability() > before
    assert Profile(profile.folder).settings.context


@pytest.fixture
def symbol_folder(tmp_path):
    folder = tmp_path / "symbols"
    (folder / "food").mkdir(parents=True)
    (folder / "food" / "drink_water,_to.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'/>"
    )
    (folder / "1F375.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "notes.txt").write_text("no symbol")
    (folder.parent / "secret.svg").write_text("secret")
    return folder


def test_symbols_are_found_by_the_words_of_their_names(symbol_folder):
    symbols = SymbolSet(symbol_folder)
    assert [each.name for each in symbols.find("water")] == ["drink water to"]
    assert [each.name for each in symbols.find("TEA")] == ["teacup without handle"]
    assert symbols.find("") == symbols.find("?") == symbols.find("car") == []
    content, kind = symbols.content("food/drink_water,_to.svg")
    assert (content[:4], kind) == (b"<svg", "image/svg+xml")


@pytest.mark.parametrize("identity", ["../secret.svg", "notes.txt", "", "/etc/passwd"])
def test_only_symbols_are_shown(symbol_folder, identity):
    with pytest.raises(UserError, match="symbol"):
        SymbolSet(symbol_folder).content(identity)


def test_a_folder_without_symbols_is_refused(tmp_path):
    with pytest.raises(UserError, match="symbols"):
        SymbolSet(tmp_path / "absent")
    with pytest.raises(UserError, match="symbols"):
        SymbolSet(tmp_path)
