"""Finding the mouth in a still, before a recording."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.support.drawn_faces import MOUTH_BELOW_CENTER_PX, FacePose, draw_face
from tests.support.mouth_videos import encoded_video, mouth_frames

JPEG = {"Content-Type": "image/jpeg"}


def still(pixels: np.ndarray, kind: str = "jpeg") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.fixture
def bo(page) -> str:
    """The address of a person whose mouth is found by the face."""
    page.post("/api/profiles", json={"person": "Bo"})
    return "/api/profiles/bo"


def test_the_mouth_of_a_face_is_found(page, bo):
    pytest.importorskip("dlib", reason="needs the extra 'lipreading'")
    face = draw_face(FacePose(x_px=250.0, y_px=230.0))
    (mouth,) = page.post(f"{bo}/mouths", content=still(face), headers=JPEG).json()
    assert abs(mouth["x_px"] - 250) < 10
    assert abs(mouth["y_px"] - 230 - MOUTH_BELOW_CENTER_PX) < 15
    assert 60 < mouth["side_px"] < 110
    assert abs(mouth["angle"]) < 0.1
    nobody = np.full((480, 640, 3), 120, np.uint8)
    assert page.post(f"{bo}/mouths", content=still(nobody), headers=JPEG).json() == []


def test_the_finder_middle_returns_the_middle(page, bo):
    page.patch(bo, json={"finder": "middle"})
    answer = page.post(
        f"{bo}/mouths", content=still(np.zeros((90, 120, 3), np.uint8)), headers=JPEG
    )
    assert answer.json() == [{"x_px": 60.0, "y_px": 45.0, "side_px": 45.0, "angle": 0.0}]


def test_stills_are_not_kept(page, bo, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    page.post(f"{bo}/mouths", content=still(np.zeros((90, 120, 3), np.uint8)), headers=JPEG)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"no picture", "JPEG"),
        (still(np.zeros((9, 12, 3), np.uint8), "png"), "JPEG"),
        (still(np.zeros((90, 120, 3), np.uint8))[:300], "JPEG"),
        (
            still(np.zeros((100, 1100, 3), np.uint8)),
            "1024 px",
        ),
    ],
)
def test_other_files_than_stills_are_refused(page, bo, content, phrase):
    answer = page.post(f"{bo}/mouths", content=content, headers=JPEG)
    assert answer.status_code == 422
    assert phrase in answer.json()["error"]


def test_stills_have_their_own_kind_and_size(page, bo):
    assert page.post(f"{bo}/mouths", content=b"x" * (2**20 + 1), headers=JPEG).status_code == 413
    film = {"Content-Type": "video/webm"}
    answer = page.post(f"{bo}/mouths", content=b"x", headers=film)
    assert answer.status_code == 415
    assert page.post("/api/profiles/nobody/mouths", content=b"x", headers=JPEG).status_code == 404


def test_a_still_does_not_wait_for_a_recording(page, bo, recording_reader):
    page.patch(bo, json={"finder": "middle"})
    picture = still(np.zeros((90, 120, 3), np.uint8))
    with recording_reader._sandbox._lock:  # as while a recording is read
        answer = page.post(f"{bo}/mouths", content=picture, headers=JPEG)
    assert answer.status_code == 503
    assert "busy" in answer.json()["error"]
    assert page.post(f"{bo}/mouths", content=picture, headers=JPEG).status_code == 200


def test_a_recording_tells_whether_the_lips_moved(page, ann, send, make_film):
    assert send(page, ann, make_film(1))["lips_moved"] is True
    still_film = encoded_video(mouth_frames(1)[:1].repeat(25, axis=0))
    assert send(page, ann, still_film)["lips_moved"] is False
