import numpy as np
import pytest
from PIL import Image

from videospace.clips.decoding.one_clip import frames_of, read_one_clip
from videospace.clips.decoding.video_input import frame_size
from videospace.runtime.errors import UserError

SIZE = (6, 8)


@pytest.fixture
def film(tmp_path):
    """Ten frames of 20x30 px whose gray value is 20 times their number."""
    for number in range(10):
        pixels = np.full((20, 30, 3), 20 * number, np.uint8)
        (tmp_path / "film").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "film" / f"{number:02}.png")
    return tmp_path / "film"


class TestReadOneClip:
    def test_frames_from_the_middle_of_a_film(self, film):
        frames, num_real = read_one_clip(film, 4, SIZE, first=3)
        assert frames.shape == (4, 6, 8, 3)
        assert frames[:, 0, 0, 0].tolist() == [60, 80, 100, 120]
        assert num_real == 4

    def test_a_film_that_ends_early_repeats_its_last_frame(self, film):
        frames, num_real = read_one_clip(film, 4, SIZE, first=8)
        assert frames[:, 0, 0, 0].tolist() == [160, 180, 180, 180]
        assert num_real == 2

    @pytest.mark.parametrize("first", [10, -1])
    def test_a_first_frame_outside_the_film(self, film, first):
        with pytest.raises(UserError, match="frame"):
            read_one_clip(film, 4, SIZE, first=first)


def test_sizes(film):
    assert frame_size(film) == (20, 30)
    assert next(frames_of(film, (5, 5))).shape == (5, 5, 3)
