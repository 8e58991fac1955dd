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


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("GET", "/api/spaces/nowhere", None),
        ("GET", "/api/spaces/damaged", None),
        ("GET", "/api/spaces/small/strip?start=z", None),
        ("GET", "/api/spaces/small/strip?start=a&ratio=2", None),
        ("GET", "/api/spaces/small/tracks?start=a", None),
        ("GET", "/api/spaces/small/job/file?sample=7", None),
        ("POST", "/api/spaces/small/samples", {"count": 0}),
        ("POST", "/api/spaces/small/render", {"start": "a", "height": 4000, "num_frames": 1000}),
        ("POST", "/api/spaces/small/render", {"start": "a", "height": 1, "width": 0}),
        ("POST", "/api/nowhere", None),
    ],
)
def test_errors_of_spaces_are_translated(page, method, path, json):
    english, german = (
        page.request(method, path, json=json, headers=headers) for headers in ({}, GERMAN)
    )
    assert english.status_code == german.status_code >= 400
    assert english.json()["error"] != german.json()["error"]


def test_what_fails_in_the_library_is_named_first_in_the_language(page):
    headers = {"Content-Type": "video/mp4"} | GERMAN
    answer = page.post("/api/spaces/small/videos", content=b"no video", headers=headers)
    assert answer.status_code == 422
    assert "video" in answer.json()["error"].lower()
    assert "expected" not in answer.json()["error"]


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
