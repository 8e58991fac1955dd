"""A studio whose disk becomes full."""

import pytest
from starlette.testclient import TestClient

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.profile.profile import Profile
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.profiles import Profiles

ANN = "/api/profiles/ann"


@pytest.mark.smallfs
def test_a_full_disk_is_an_error_and_loses_nothing(
    small_disk, recording_reader, open_page, make_film
):
    (small_disk / "ballast").write_bytes(bytes(5 * 2**18))
    settings = LearningSettings(progress=False, device="cpu")
    page = open_page(AppState(Profiles(small_disk / "data"), recording_reader, settings))
    page.post("/api/profiles", json={"person": "Ann"})
    page.patch(ANN, json={"finder": "middle"})
    kept, answer = fill(page, make_film)
    assert answer.status_code == 422
    assert "No space left" in answer.json()["error"] or "full" in answer.json()["error"]
    assert len(kept) >= 2
    assert {clip["id"] for clip in page.get(f"{ANN}/clips").json()} == set(kept)
    profile = Profile(small_disk / "data" / "ann")
    for clip in kept:
        assert profile.load_clip(clip).frames.shape[1:] == (88, 88)
    for path in ("", "/words", "/training"):
        assert page.get(f"{ANN}{path}").status_code == 200
    assert page.post("/api/profiles", json={"person": "Bo"}).status_code == 422
    assert page.delete(f"{ANN}/clips/{kept[0]}").status_code == 204
    assert page.delete(ANN).status_code == 204
    assert page.get("/api/profiles").json() == []


def fill(page: TestClient, make_film):
    """Keep recordings until one is refused; their ids, and the refusal."""
    kept = []
    for take in range(100):
        recognized = page.post(
            f"{ANN}/recordings?recognize=false",
            content=make_film(take % 8, take=take),
            headers={"Content-Type": "video/webm"},
        )
        assert recognized.status_code == 201
        choice = {"word": f"word {take}", "used": False}
        answer = page.post(f"{ANN}/recordings/{recognized.json()['id']}/choice", json=choice)
        if answer.status_code != 201:
            return kept, answer
        kept.append(answer.json()["id"])
    raise AssertionError("the disk was never full")
