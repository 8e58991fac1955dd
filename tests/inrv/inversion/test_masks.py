import numpy as np
import pytest
from PIL import Image

from videospace.clips.writing import write_video
from videospace.inrv.inversion.masks import (
    masked_clip,
    observed_random_fraction,
    observed_region,
    read_mask,
)
from videospace.runtime.errors import UserError

SIZE = (6, 8)


def test_frames_that_were_made_up_are_not_known():
    clip = np.zeros((4, *SIZE, 3), np.uint8)
    context = masked_clip(clip, 3, lambda time: np.ones(SIZE, bool), start=7)
    assert context.observed.all(axis=(1, 2)).tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("mask", "got"),
    [
        (np.ones((3, 8), bool), "bool 3x8"),
        (np.ones((1, 8), bool), "bool 1x8"),  # numpy would repeat it
        (np.full(SIZE, 255, np.uint8), "uint8 6x8"),
    ],
)
def test_a_mask_that_does_not_fit_its_frame(mask, got):
    clip = np.zeros((4, *SIZE, 3), np.uint8)
    with pytest.raises(UserError, match=f"frame 7, got {got}"):
        masked_clip(clip, 4, lambda time: mask, start=7)


def test_a_region_of_no_frames():
    with pytest.raises(UserError, match="at least 1 frame"):
        observed_region(np.zeros((0, *SIZE), bool))


def test_the_pixels_of_a_sparse_frame_depend_on_seed_and_number_only():
    seen = observed_random_fraction((100, 100), 0.25, seed=3)
    assert (seen(5) == seen(5)).all()
    assert (seen(5) != seen(6)).any()
    assert seen(5).mean() == pytest.approx(0.25, abs=0.02)
    with pytest.raises(UserError, match=r"in \(0, 1\], got 2"):
        observed_random_fraction(SIZE, 2.0, seed=0)


class TestReadMask:
    def test_an_image(self, tmp_path):
        pixels = np.zeros((12, 16), np.uint8)
        pixels[:, 8:] = 255
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        hidden = read_mask(tmp_path / "mask.png", SIZE)
        assert hidden.shape == (1, 6, 8)
        assert (hidden[0] == (np.arange(8) >= 4)).all()

    def test_a_video(self, tmp_path):
        frames = [np.full((1, 24, 32, 3), value, np.uint8) for value in (0, 255, 0)]
        write_video(tmp_path / "mask.mp4", frames, fps=25)
        hidden = read_mask(tmp_path / "mask.mp4", SIZE)
        assert hidden.mean(axis=(1, 2)).tolist() == [0, 1, 0]
        assert observed_region(hidden)(9).all()  # a mask that is too short ends with its last frame

    def test_a_mask_of_nothing(self, tmp_path):
        Image.fromarray(np.zeros((3, 4), np.uint8)).save(tmp_path / "mask.png")
        with pytest.raises(UserError, match="expected light pixels"):
            read_mask(tmp_path / "mask.png", SIZE)

    @pytest.mark.parametrize("size", [(20, 40), (40, 80), (10, 20)])
    def test_a_mask_of_the_whole_picture_is_cropped_as_the_video_is(self, tmp_path, size):
        """Of 40 columns the center shows 7 to 33; the mask hides them from 20 on."""
        pixels = np.zeros(size, np.uint8)
        pixels[:, size[1] // 2 :] = 255
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        hidden = read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40))
        assert (hidden[0] == (np.arange(8) >= 4)).all()
        right = read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40), crop="0,12,12,16")
        assert (right[0] == (np.arange(8) >= 4)).all()
        with pytest.raises(UserError, match="expected light pixels"):
            read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40), crop="0,0,12,16")

    @pytest.mark.parametrize("size", [(6, 8), (3, 4), (60, 80)])
    def test_a_mask_of_the_clips_is_not_cropped(self, tmp_path, size):
        pixels = np.zeros(size, np.uint8)
        pixels[:, : size[1] // 4] = 255
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        hidden = read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40), crop="0,0,12,16")
        assert (hidden[0] == (np.arange(8) < 2)).all()

    @pytest.mark.parametrize("picture", [None, (20, 40)])
    def test_other_proportions(self, tmp_path, picture):
        Image.fromarray(np.full((30, 30), 255, np.uint8)).save(tmp_path / "mask.png")
        with pytest.raises(UserError, match="proportions"):
            read_mask(tmp_path / "mask.png", SIZE, picture=picture)

    @pytest.mark.parametrize("name", ["absent.png", "text.png"])
    def test_no_mask(self, tmp_path, name):
        (tmp_path / "text.png").write_text("no picture")
        with pytest.raises(UserError, match=name):
            read_mask(tmp_path / name, SIZE)
