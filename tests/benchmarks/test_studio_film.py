"""The film of the first hour."""

import base64
import io
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra 'studio'")

from benchmarks import studio_film


class OneColor:
    """A browser whose page has one color."""

    def execute_cdp_cmd(self, *_: object) -> dict[str, Any]:
        file = io.BytesIO()
        Image.new("RGB", (studio_film.PAGE_WIDTH, studio_film.PAGE_HEIGHT), "white").save(
            file, "png"
        )
        return {"data": base64.b64encode(file.getvalue()).decode()}


@pytest.mark.parametrize("suffix", [".webm", ".mp4"])
def test_a_film_lasts_as_long_as_its_parts(tmp_path: Path, suffix: str):
    film = studio_film.Film(OneColor())
    film.title("A title", seconds=2)
    film.caption("What is seen")
    film.roll(0.1)
    path = tmp_path / f"film{suffix}"
    film.write(path)
    with av.open(path, "r") as container:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode()]
    assert film.seconds == pytest.approx(2.1)
    assert frames[-1][0] == pytest.approx(2.1, abs=0.01)
    first, last = frames[0][1], frames[-1][1]
    assert first.shape[0] == studio_film.PAGE_HEIGHT + studio_film.CAPTION_PX
    assert first[300, 5].mean() < 120 < 240 < last[300, 5].mean()


def test_the_face_ends_every_word_with_its_mouth_shut():
    for word in range(len(studio_film.WORDS)):
        poses = studio_film.mouthed(word)
        assert {poses[0], poses[-1]} <= {0, studio_film.NUM_POSES}
        assert max(poses) < 2 * studio_film.NUM_POSES
