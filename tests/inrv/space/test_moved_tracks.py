"""Moved tracks: paths in numbers, and things in rendered frames."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.support.small_spaces import space_of_a_blob
from tests.support.toy_spaces import TRACKS, changed_model, random_space

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.moved_tracks import TrackMove, moved_path, track_centers
from videospace.runtime.errors import UserError

distances = st.floats(-2, 2, width=32)
times = st.floats(-1, 1, width=32)
reaches = st.one_of(st.none(), st.floats(0, 4, width=32))
moves = st.builds(
    TrackMove, track=st.integers(0, 1), down=distances, right=distances, time=times, reach=reaches
)
path_lengths = st.integers(1, 9)


def latents_with_tracks(num_path_keyframes: int = 3, seed: int = 0):
    config = LatentConfig(
        width=3, num_tracks=2, look_width=2, num_path_keyframes=num_path_keyframes
    )
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, config.total_width, generator=generator), config


@given(st.integers(0, 1), times, reaches, path_lengths)
def test_moving_by_zero_changes_nothing(track, time, reach, num_keyframes):
    latents, config = latents_with_tracks(num_keyframes)
    move = TrackMove(track=track, time=time, reach=reach)
    assert torch.equal(moved_path(latents, move, config), latents)


@given(moves, path_lengths)
def test_the_center_moves_by_the_distance_at_the_time(move, num_keyframes):
    latents, config = latents_with_tracks(num_keyframes)
    time = torch.tensor([move.time])
    before = track_centers(latents, time, config)
    by = track_centers(moved_path(latents, move, config), time, config) - before
    expected = torch.zeros_like(by)
    expected[:, move.track] = torch.tensor([move.down, move.right])
    torch.testing.assert_close(by, expected, atol=1e-4, rtol=1e-4)


@given(moves, moves)
def test_moves_can_be_made_in_any_order(first, second):
    latents, config = latents_with_tracks(5)
    one = moved_path(moved_path(latents, first, config), second, config)
    other = moved_path(moved_path(latents, second, config), first, config)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_only_the_numbers_of_the_path_change():
    latents, config = latents_with_tracks(4)
    changed = moved_path(latents, TrackMove(track=1, down=0.5, right=0.25), config) - latents
    expected = torch.zeros(config.total_width)
    expected[-8:] = torch.tensor([0.5, 0.25]).repeat(4)
    torch.testing.assert_close(changed, expected.expand(2, -1))


def test_a_bend_fades_and_leaves_what_is_far():
    latents, config = latents_with_tracks(9)
    times = torch.linspace(-1, 1, 9)
    move = TrackMove(track=0, right=1.0, time=0.5, reach=0.6)
    moved = track_centers(moved_path(latents, move, config), times, config)
    by = (moved - track_centers(latents, times, config))[0, 0, :, 1]
    assert by[:4].abs().max() < 1e-6
    assert by.argmax() == 6
    assert (by[4:7].diff() > 0).all()
    assert (by[6:].diff() < 0).all()


class TestRenders:
    @pytest.mark.parametrize(("down", "right"), [(4, 0), (-3, 5), (0, -6)])
    def test_a_shift_moves_the_thing_by_so_many_pixels(self, down, right):
        space = space_of_a_blob()
        side = space.clip.height
        latent = space.latent("b")
        moved = space.move_track(latent, 0, down=2 * down / side, right=2 * right / side)
        before, after = space.render(latent).astype(int), space.render(moved).astype(int)
        rolled = np.roll(before, (down, right), axis=(1, 2))
        assert np.abs(after - rolled).max() <= 2
        assert np.abs(after - before).max() > 100

    def test_a_bend_leaves_the_other_end_of_the_clip(self):
        space = space_of_a_blob()
        latent = space.latent("b")
        moved = space.move_track(latent, 0, right=0.5, time=1.0, reach=0.5)
        before, after = space.render(latent).astype(int), space.render(moved).astype(int)
        assert np.array_equal(before[0], after[0])
        assert np.abs(after[-1] - before[-1]).max() > 100

    def test_paths_are_where_the_thing_is(self):
        space = space_of_a_blob()
        heights, widths = space.track_paths(space.latent("b"))[0].numpy().T
        ink = space.render(space.latent("b"))[..., 0].astype(float)
        pixels = (2 * np.arange(space.clip.height) + 1) / space.clip.height - 1
        weights = ink - ink.min()
        total = weights.sum(axis=(1, 2))
        assert heights == pytest.approx((weights.sum(axis=2) @ pixels) / total, abs=0.05)
        assert widths == pytest.approx((weights.sum(axis=1) @ pixels) / total, abs=0.05)

    def test_many_latents_are_moved_together(self):
        space = random_space(3, changed_model(latent=TRACKS))
        moved = space.move_track(space.latents, 1, down=0.5, time=-0.5, reach=0.5)
        alone = space.move_track(space.latents[2], 1, down=0.5, time=-0.5, reach=0.5)
        assert torch.equal(moved[2], alone)
        assert space.track_paths(moved, 7).shape == (3, 2, 7, 2)


class TestBadInput:
    @pytest.mark.parametrize(
        "text",
        ["", "0", "0,1", "0,1,1,0", "0,1,1,0,1,1", "a,1,1", "0.5,1,1", "0,,1", "0,1,1;", "0,1,one"],
    )
    def test_a_text_that_is_no_move_is_refused(self, text):
        with pytest.raises(UserError, match="TRACK"):
            TrackMove.from_text(text)

    @pytest.mark.parametrize(
        "text",
        ["-1,0,0", "0,nan,0", "0,0,inf", "0,5,0", "0,0,0,1.5,0.5", "0,0,0,0,-1", "0,0,0,nan,1"],
    )
    def test_a_number_out_of_its_bounds_is_refused(self, text):
        with pytest.raises(UserError, match="TrackMove"):
            TrackMove.from_text(text)

    @given(st.text(alphabet="0123456789.,-e na", max_size=20))
    def test_any_text_is_a_move_or_refused(self, text):
        try:
            move = TrackMove.from_text(text)
        except UserError:
            return
        assert np.isfinite([move.down, move.right, move.time]).all()

    def test_a_track_that_is_not_there_is_named(self):
        latents, config = latents_with_tracks()
        with pytest.raises(UserError, match="from 0 to 1"):
            moved_path(latents, TrackMove(track=2), config)

    def test_a_space_without_tracks_says_so(self):
        space = random_space()
        with pytest.raises(UserError, match="no tracks"):
            space.move_track(space.latents, 0)
        with pytest.raises(UserError, match="no tracks"):
            space.track_paths(space.latents)

    def test_no_frames_are_refused(self):
        space = space_of_a_blob()
        with pytest.raises(UserError, match="frame"):
            space.track_paths(space.latents, 0)
