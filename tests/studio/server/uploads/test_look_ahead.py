"""Recordings that arrive in pieces, and are searched for the mouth meanwhile."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.mouth_videos import word_video

from videospace.lipreading.mouth.detectors import FixedBox
from videospace.lipreading.mouth.reading import read_mouth
from videospace.studio.server.errors import NotFound
from videospace.studio.server.uploads.look_ahead import Follower, RememberingDetector
from videospace.studio.server.uploads.partial_uploads import MAX_UPLOADS, PartialUploads
from videospace.studio.server.uploads.uploads import VIDEO

UPLOAD = "0123456789abcdef"
TYPE = {"Content-Type": "video/webm"}


def begun(content: bytes, num_pieces: int = 5) -> list[bytes]:
    """What has arrived after each piece."""
    return [content[: len(content) * number // num_pieces] for number in range(1, num_pieces + 1)]


@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_what_was_searched_before_the_end_changes_nothing(tmp_path: Path, kind):
    content = word_video(1, kind=kind)
    path = tmp_path / f"film.{kind}"
    path.write_bytes(content)
    follower, detector = Follower(), RememberingDetector(FixedBox("20,40,80,80"))
    for arrived in begun(content):
        follower.search(UPLOAD, arrived, f".{kind}", detector)
    before = detector.num_searched
    clip, report = read_mouth(path, detector)
    plain, plain_report = read_mouth(path, FixedBox("20,40,80,80"))
    assert np.array_equal(clip.frames, plain.frames)
    assert report == plain_report
    assert detector.num_searched - before <= 1  # the last frame alone


def test_each_frame_is_decoded_once():
    content = word_video(0)
    follower, detector = Follower(), RememberingDetector(FixedBox())
    counts = [follower.search(UPLOAD, part, ".webm", detector) for part in begun(content)]
    assert sum(counts) == detector.num_searched == 19
    assert follower.search(UPLOAD, content, ".webm", detector) == 0


@pytest.mark.parametrize("content", [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3" + b"x" * 5000])
def test_rubbish_is_passed_over(content):
    assert Follower().search(UPLOAD, content, ".webm", RememberingDetector(FixedBox())) == 0


def test_a_missing_piece_is_named():
    uploads = PartialUploads()
    uploads.append("a", 0, b"one")
    with pytest.raises(NotFound, match="missing"):
        uploads.append("a", 4, b"three")
    with pytest.raises(NotFound, match="missing"):
        uploads.take("a", 3)


def test_the_memory_is_bounded():
    uploads = PartialUploads()
    for number in range(MAX_UPLOADS + 1):
        uploads.append(str(number), 0, b"x")
    with pytest.raises(NotFound):
        uploads.take("0", 1)
    assert uploads.take("1", 1) == b"x"
    uploads.append("large", 0, b"x")
    with pytest.raises(NotFound):
        uploads.append("large", 1, bytes(VIDEO.max_bytes))


def test_a_recording_in_pieces_is_recognized(page, ann, make_film):
    film = make_film(1, take=7)
    for start in range(0, 6000, 2000):
        piece = film[start : start + 2000]
        sent = page.post(
            f"{ann}/uploads/{UPLOAD}", params={"start": start}, content=piece, headers=TYPE
        )
        assert sent.status_code == 204
    rest = {"upload": UPLOAD, "start": 6000}
    answer = page.post(f"{ann}/recordings", params=rest, content=film[6000:], headers=TYPE)
    assert answer.json()["guesses"][0]["text"] == "bread"
    again = page.post(f"{ann}/recordings", params=rest, content=film[6000:], headers=TYPE)
    assert again.status_code == 404  # so that the page sends all of it
