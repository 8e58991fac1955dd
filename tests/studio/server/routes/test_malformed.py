"""Malformed requests."""

import pytest
from tests.support.malformed_requests import malformed_requests


def test_generated_malformed_requests_do_no_harm(page):
    found = malformed_requests(page, 60, seed=1)
    assert found["failures"] == []
    assert found["requests"] >= found["operations"] >= 20
    assert {"404", "422"} <= found["statuses"].keys()


@pytest.mark.parametrize(
    "body",
    [
        b'{"person": "\\ud800"}',
        b'{"person": "A", "\\ud800": 1}',
        b'{"person": "A\\u0000"}',
        b'{"person": "\xff"}',
        b'{"person": "A"',
        b'{"person": NaN}',
        b"[" * 30_000,
        b"9" * 30_000,
        b"",
        b"null",
        b'"person"',
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "video/webm", "x", ""])
def test_a_broken_body_is_refused(page, body, kind):
    answer = page.post("/api/profiles", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert page.get("/api/profiles").json() == []


@pytest.mark.parametrize(
    "path", ["/%00", "/index.html%00", "/%ff%fe", "/%ed%a0%80", "/" + "a" * 5000, "/..%2f..%2fx"]
)
def test_odd_paths_are_not_found(page, path):
    assert page.get(path).status_code == 404
    assert page.get(f"/api/profiles{path}/words").status_code == 404


def test_uploads_that_are_cut_off_do_no_harm(page, ann, make_film, tmp_path):
    film, archive = make_film(0, take=5), page.get(f"{ann}/export").content
    for content, path, kind, statuses in (
        (film[:0], f"{ann}/recordings", "video/webm", {422}),
        (film[: len(film) // 100], f"{ann}/recordings", "video/webm", {422}),
        (film[: len(film) // 2], f"{ann}/recordings", "video/webm", {201, 422}),
        (archive[: len(archive) // 2], "/api/profiles/import", "application/zip", {422}),
    ):
        answer = page.post(path, content=content, headers={"Content-Type": kind})
        assert answer.status_code in statuses
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["ann"]
    assert page.get(ann).json()["num_clips"] == 2
