"""Requests about the tracks of a space: their paths, and moved clips."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.support.small_spaces import space_of_a_blob

from videospace.inrv.space.latent_files import load_latents
from videospace.studio.server.routes.schemas import MAX_MOVES

TRACKED = "/api/spaces/tracked"


@pytest.fixture(scope="module")
def blobs():
    return space_of_a_blob(num_tracks=2)


def frames_of(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    strip = np.asarray(Image.open(io.BytesIO(answer.content)))
    return strip.reshape(-1, 32, *strip.shape[1:])


def strip_of(page, **query) -> np.ndarray:
    return frames_of(page.get(f"{TRACKED}/strip", params={"side": 32, "frames": 6, **query}))


def test_a_space_tells_how_many_tracks_it_has(page):
    shown = page.get(TRACKED).json()
    assert (shown["num_tracks"], shown["frames_at"]) == (2, "ends")
    assert page.get("/api/spaces/small").json()["num_tracks"] == 0


def test_the_paths_of_a_position_are_those_of_its_latent(page, blobs):
    paths = np.array(page.get(f"{TRACKED}/tracks?start=b").json())
    assert paths == pytest.approx(blobs.track_paths(blobs.latent("b"), 129).numpy(), abs=1e-5)
    between = np.array(page.get(f"{TRACKED}/tracks?start=b&end=c&ratio=0.5").json())
    assert (between - paths)[..., 0] == pytest.approx(0.15, abs=1e-5)


def test_moves_are_seen_in_paths_and_pictures(page, blobs):
    moves = ["1,0.25,0", "0,0,0.5,1,0.5"]
    latent = blobs.move_track(blobs.latent("b"), 1, down=0.25)
    latent = blobs.move_track(latent, 0, right=0.5, time=1.0, reach=0.5)
    paths = np.array(page.get(f"{TRACKED}/tracks", params={"start": "b", "moves": moves}).json())
    assert paths == pytest.approx(blobs.track_paths(latent, 129).numpy(), abs=1e-5)
    assert np.array_equal(strip_of(page, start="b", moves=moves), blobs.render(latent))


def test_a_moved_clip_is_saved_rendered_and_worked_on(page, spaces, blobs, tmp_path):
    moves = ["0,-0.25,0.25"]
    moved = blobs.move_track(blobs.latent("b"), 0, down=-0.25, right=0.25)
    answer = page.get(f"{TRACKED}/latent", params={"start": "b", "moves": moves})
    (tmp_path / "latent.npz").write_bytes(answer.content)
    saved = load_latents(tmp_path / "latent.npz", spaces.session("tracked").space)
    assert np.allclose(saved.latents[0].numpy(), moved.numpy(), atol=1e-6)
    video = page.post(f"{TRACKED}/videos/rendered", json={"start": "b", "moves": moves})
    assert video.status_code == 201, video.text
    strip = page.get(f"{TRACKED}/videos/{video.json()['id']}/strip")
    assert np.array_equal(frames_of(strip), blobs.render(moved))
    sizes = {"height": 16, "num_frames": 3, "suffix": ".gif"}
    job = page.post(f"{TRACKED}/render", json={"start": "b", "moves": moves, **sizes})
    assert job.status_code == 202, job.text
    spaces.session("tracked").jobs.wait()
    film = Image.open(io.BytesIO(page.get(f"{TRACKED}/job/file").content))
    shown = np.asarray(film.convert("RGB")).astype(int)
    expected = blobs.render(moved, height=16, num_frames=3)[0].astype(int)
    assert np.abs(shown - expected).mean() < 4


@pytest.mark.parametrize(
    ("move", "word"),
    [
        ("2,0,0", "from 0 to 1"),
        ("-1,0,0", "track"),
        ("0,nan,0", "down"),
        ("0,0,-inf", "right"),
        ("0,0,5", "right"),
        ("0,0,0,2,1", "time"),
        ("0,0,0,0,-1", "reach"),
        ("0,0", "TRACK"),
        ("one,0,0", "TRACK"),
        ("0," * 150, "200"),
    ],
)
def test_a_move_that_cannot_be_made_is_refused(page, move, word):
    for path in ("tracks", "strip", "latent"):
        answer = page.get(f"{TRACKED}/{path}", params={"start": "b", "moves": [move]})
        assert answer.status_code == 422, answer.text
        assert word in answer.json()["error"]
    answer = page.post(f"{TRACKED}/videos/rendered", json={"start": "b", "moves": [move]})
    assert answer.status_code == 422
    assert word in answer.json()["error"]


def test_too_many_moves_are_refused(page):
    query = {"start": "b", "moves": ["0,0.01,0"] * MAX_MOVES}
    assert page.get(f"{TRACKED}/tracks", params=query).status_code == 200
    query["moves"] += ["0,0.01,0"]
    answer = page.get(f"{TRACKED}/tracks", params=query)
    assert answer.status_code == 422
    assert "too many" in answer.json()["error"]


def test_a_space_without_tracks_says_so(page):
    answer = page.get("/api/spaces/small/tracks?start=a")
    assert (answer.status_code, "no tracks" in answer.json()["error"]) == (404, True)
    answer = page.get("/api/spaces/small/strip?start=a&moves=0,0.5,0")
    assert (answer.status_code, "no tracks" in answer.json()["error"]) == (422, True)
    assert page.get(f"{TRACKED}/tracks?start=nothing").status_code == 404
