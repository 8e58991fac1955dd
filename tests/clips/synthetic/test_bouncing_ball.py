import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.synthetic.bouncing_ball import (
    BouncingBallConfig,
    ball_video,
    bouncing_ball,
    write_bouncing_ball,
)
from videospace.runtime.errors import UserError


def coverage(video):
    """Share of each pixel that the ball covers, from the red channel."""
    return 1 - video[..., 0] / 255


def centers(video):
    weights = coverage(video)
    rows, columns = np.mgrid[: video.shape[1], : video.shape[2]]
    mass = weights.sum((1, 2))
    return (weights * rows).sum((1, 2)) / mass, (weights * columns).sum((1, 2)) / mass


def test_set_has_its_shape_colors_and_heights():
    clips, heights_px = bouncing_ball()
    assert clips.shape == (50, 25, 50, 50, 3)
    assert (clips[..., 2] == 255).all()
    assert (clips[..., 0] == clips[..., 1]).all()
    assert (clips.min(), clips.max()) == (0, 255)
    assert (heights_px[0], heights_px[-1]) == (7.0, 43.0)
    np.testing.assert_allclose(np.diff(heights_px), 36 / 49)


def test_ball_is_where_it_should_be():
    clips, heights_px = bouncing_ball(num_clips=5)
    left, right = 6 - 0.5, 50 - 0.5 - 6
    path = np.concatenate([np.linspace(left, right, 13), np.linspace(right, left, 13)[1:]])
    for clip, height_px in zip(clips, heights_px, strict=True):
        rows, columns = centers(clip)
        np.testing.assert_allclose(rows, height_px, atol=0.01)
        np.testing.assert_allclose(columns, path, atol=0.02)


@given(radius_px=st.floats(2.0, 9.0), height_px=st.floats(12.0, 20.0))
def test_ball_has_its_area_in_every_frame(radius_px, height_px):
    video = ball_video(height_px, num_frames=4, height=33, width=41, radius_px=radius_px)
    np.testing.assert_allclose(coverage(video).sum((1, 2)), np.pi * radius_px**2, rtol=0.05)


def test_one_height_is_the_clip_of_the_set():
    clips, heights_px = bouncing_ball(num_clips=3, num_frames=5, height=30, width=40)
    video = ball_video(float(heights_px[1]), num_frames=5, height=30, width=40)
    np.testing.assert_array_equal(video, clips[1])


def test_one_frame_and_one_clip():
    clips, _ = bouncing_ball(num_clips=1, num_frames=1)
    assert clips.shape == (1, 1, 50, 50, 3)


@pytest.mark.parametrize("radius_px", [0.0, -1.0, 30.0, float("nan")])
def test_ball_that_does_not_fit(radius_px):
    with pytest.raises(UserError, match="radius"):
        bouncing_ball(radius_px=radius_px)


def test_bad_numbers():
    with pytest.raises(UserError, match="got 0 and 25"):
        BouncingBallConfig(num_clips=0)


def test_store(tmp_path):
    config = BouncingBallConfig(num_clips=40, num_frames=5, size="20x30", fps=10.0)
    write_bouncing_ball(tmp_path, config)
    store = ClipStore.open(tmp_path)
    assert (store.ids[0], store.ids[-1], store.fps) == ("ball-000", "ball-039", 10.0)
    assert store.rows("train") == list(range(40))
    clips, _ = bouncing_ball(num_clips=40, num_frames=5, height=20, width=30)
    np.testing.assert_array_equal(store.frames(range(40)), clips)


def test_store_goes_on_after_an_interrupt(tmp_path):
    config = BouncingBallConfig(num_clips=6, num_frames=2, size="20")
    whole = write_bouncing_ball(tmp_path / "whole", config)
    write_bouncing_ball(tmp_path / "cut", config)
    index = tmp_path / "cut" / "index.jsonl"
    index.write_bytes(index.read_bytes()[:-200])
    again = write_bouncing_ball(tmp_path / "cut", config)
    assert again.records == whole.records
    np.testing.assert_array_equal(again.frames(range(6)), whole.frames(range(6)))


def test_store_of_another_set(tmp_path):
    write_bouncing_ball(tmp_path, BouncingBallConfig(num_clips=3, num_frames=2))
    with pytest.raises(UserError, match=r"num_clips=3 .*num_clips=4"):
        write_bouncing_ball(tmp_path, BouncingBallConfig(num_clips=4, num_frames=2))
