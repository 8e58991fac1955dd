"""What the server says, in the language that a request asks for."""

import pytest

GERMAN = {"Accept-Language": "de-AT,de;q=0.8"}


def test_words_of_the_pages_come_in_the_language_that_is_asked_for(page):
    assert page.get("/words.json", headers=GERMAN).json()["language"] == "de"
    assert page.get("/words.json?language=fr", headers=GERMAN).json()["language"] == "fr"
    assert page.get("/words.json?language=../de", headers={}).json()["language"] == "en"


@pytest.mark.parametrize(
    ("path", "json"),
    [
        ("/api/profiles", {"person": "Ann"}),
        ("/api/profiles", {"person": ""}),
        ("/api/profiles/nobody/report", None),
        ("/api/profiles/ann/word-lists", {"text": "\n"}),
        ("/api/profiles/ann/word-lists", {"text": "a,b,c,d"}),
        ("/api/profiles/ann/words", {"text": "x" * 1000}),
        ("/api/profiles/ann/training", {}),
    ],
)
def test_errors_are_translated(page, ann, path, json):
    english = page.post(path, json=json)
    german = page.post(path, json=json, headers=GERMAN)
    assert english.status_code == german.status_code >= 400
    assert english.json()["error"] != german.json()["error"]


def test_a_file_that_is_no_export_is_refused_in_plain_words(page):
    headers = {"Content-Type": "application/zip"}
    english = page.post("/api/profiles/import", content=b"no zip", headers=headers)
    german = page.post("/api/profiles/import", content=b"no zip", headers=headers | GERMAN)
    assert english.status_code == german.status_code == 422
    assert english.json()["error"].startswith("the file cannot be imported")
    assert german.json()["error"].startswith("die Datei ")
    assert "/" not in german.json()["error"]


def test_a_new_person_has_phrases_in_their_language(page):
    for language, first in (("de", "Ja"), ("es-es", "Sí"), ("it", "Yes")):
        new = {"person": f"Ann {language}", "language": language}
        assert page.post("/api/profiles", json=new).json()["phrases"][0] == first


def test_the_language_of_the_pages_is_kept_for_the_person(page, ann):
    page.patch(ann, json={"talk": {"page_language": "hi"}})
    assert page.get(ann).json()["talk"]["page_language"] == "hi"
    assert page.patch(ann, json={"talk": {"page_language": "../x"}}).status_code == 422
