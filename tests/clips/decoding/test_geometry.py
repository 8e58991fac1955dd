import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.clips.decoding.geometry import (
    center_region,
    crop_and_resize,
    parse_crop,
    parse_size,
)
from videospace.runtime.errors import UserError

sides = st.integers(1, 40)


@pytest.mark.parametrize(("text", "size"), [("64", (64, 64)), ("48x64", (48, 64)), ("1×2", (1, 2))])
def test_size_is_read(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "64x", "-3", "64x0", "big", "1x2x3"])
def test_bad_size_is_named(text):
    with pytest.raises(UserError, match="a size"):
        parse_size(text)


@pytest.mark.parametrize("text", ["middle", "1,2,3", "0,0,0,5", "1,2,3,x", "-1,0,5,5"])
def test_bad_crop_is_named(text):
    with pytest.raises(UserError, match="a crop"):
        parse_crop(text)


def test_shrinking_averages_and_keeps_channels_apart():
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[:2, :2] = [[[10, 0, 0], [20, 0, 0]], [[30, 0, 0], [40, 0, 4]]]
    assert crop_and_resize(frame, (2, 2)).tolist() == [
        [[25, 0, 1], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0]],
    ]


def test_crop_is_top_left_height_width():
    frame = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8, 1).repeat(3, axis=2)
    cut = crop_and_resize(frame, (2, 3), (1, 4, 2, 3))
    assert cut[..., 0].tolist() == [[12, 13, 14], [20, 21, 22]]


def test_center_crop_takes_the_middle():
    frame = np.arange(6, dtype=np.uint8)[None, :, None].repeat(2, axis=0).repeat(3, axis=2)
    assert crop_and_resize(frame, (2, 2))[..., 0].tolist() == [[2, 3], [2, 3]]


def test_enlarging_is_smooth():
    frame = np.uint8([0, 100])[None, :, None].repeat(2, axis=0).repeat(3, axis=2)
    row = crop_and_resize(frame, (8, 8))[0, :, 0].astype(int)
    assert len(set(row)) > 4
    assert (np.diff(row) >= 0).all()


@pytest.mark.parametrize("crop", [(0, 0, 5, 1), (3, 0, 2, 1), (0, 4, 1, 1)])
def test_crop_that_leaves_the_frame_is_named(crop):
    with pytest.raises(UserError, match="leaves the frame"):
        crop_and_resize(np.zeros((4, 4, 3), np.uint8), (1, 1), crop)


@given(height=sides, width=sides, target_height=sides, target_width=sides)
def test_center_region_is_inside_and_touches_two_sides(height, width, target_height, target_width):
    top, left, region_height, region_width = center_region(
        height, width, target_height, target_width
    )
    assert 0 <= top <= height - region_height
    assert 0 <= left <= width - region_width
    assert region_height == height or region_width == width
    assert min(region_height, region_width) >= 1


@given(height=sides, width=sides, target_height=sides, target_width=sides)
def test_a_plain_frame_stays_plain(height, width, target_height, target_width):
    frame = np.full((height, width, 3), [7, 100, 250], np.uint8)
    resized = crop_and_resize(frame, (target_height, target_width))
    assert resized.shape == (target_height, target_width, 3)
    assert (resized == [7, 100, 250]).all()
