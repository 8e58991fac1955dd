"""Tracks that are found in drawn clips."""

import itertools

import numpy as np
import pytest
import torch

from videospace.clips.synthetic.drawn_digits import drawn_digits
from videospace.clips.synthetic.moving_mnist import moving_mnist
from videospace.inrv.tracking.clustering import cell_masses
from videospace.inrv.tracking.find_tracks import find_tracks, foreground
from videospace.inrv.tracking.sprites import SpriteFit


def moving_blocks(paths, size=(48, 48), side=6, background=40):
    """A clip of square blocks with these centers (block, time, yx), in px."""
    video = np.full((paths.shape[1], *size, 3), background, np.uint8)
    for path in paths:
        for time, (y, x) in enumerate(path):
            top, left = (max(0, round(float(c) - side / 2)) for c in (y, x))
            video[time, top : top + side, left : left + side] = 220
    return torch.from_numpy(video)


def pixels_of(found, size=48):
    return (found.paths + 1) * size / 2


def line(start, end, num=12):
    return np.linspace(start, end, num)


def errors_px(found, truth):
    """Mean distance to the true paths in the best order of the tracks."""
    orders = itertools.permutations(range(len(truth)))
    truth = torch.from_numpy(truth).float()
    return min((found[list(order)] - truth).norm(dim=-1).mean().item() for order in orders)


class TestOneThing:
    def test_a_block_is_followed(self):
        truth = line((10, 8), (36, 40))[None]
        found = find_tracks(moving_blocks(truth)[None], 1)
        assert errors_px(pixels_of(found)[0], truth) < 1.5
        assert found.unexplained < 0.3

    def test_a_bright_background_does_not_matter(self):
        truth = line((10, 8), (36, 40))[None]
        clip = 255 - moving_blocks(truth, background=10)
        assert errors_px(pixels_of(find_tracks(clip[None], 1))[0], truth) < 1.5

    def test_a_thing_that_leaves_the_frame_is_followed_to_its_edge(self):
        truth = line((24, 12), (24, 54))[None]
        found = pixels_of(find_tracks(moving_blocks(truth)[None], 1))[0, 0]
        assert (found[:9] - torch.from_numpy(truth[0, :9]).float()).norm(dim=-1).max() < 3


class TestTwoThings:
    def test_two_blocks_that_cross_keep_their_tracks(self):
        truth = np.stack([line((14, 6), (34, 42)), line((36, 6), (12, 42))])
        found = find_tracks(moving_blocks(truth)[None], 2)
        assert errors_px(pixels_of(found)[0], truth) < 2.5

    def test_digits_are_found_to_a_few_pixels(self):
        blocks = moving_mnist(drawn_digits(0), num_clips=8, seed=3)
        clips = torch.from_numpy(np.concatenate(list(blocks)))
        found = find_tracks(clips, 2)
        assert found.paths.shape == (8, 2, 20, 2)
        assert found.unexplained.median() < 0.35


class TestBadInput:
    @pytest.mark.parametrize("num_frames", [1, 2, 3])
    def test_short_clips(self, num_frames):
        clip = moving_blocks(line((10, 8), (36, 40), num_frames)[None])
        assert find_tracks(clip[None], 2).paths.isfinite().all()

    def test_nothing_moves(self):
        clip = torch.full((2, 6, 20, 20, 3), 90, dtype=torch.uint8)
        found = find_tracks(clip, 3)
        assert found.paths.isfinite().all()
        assert found.unexplained.isfinite().all()

    def test_everything_moves(self):
        noise = torch.randint(0, 256, (1, 6, 20, 24, 3), dtype=torch.uint8)
        found = find_tracks(noise, 2)
        assert found.paths.isfinite().all()
        assert found.paths.abs().max() < 2

    def test_more_tracks_than_things(self):
        truth = line((10, 8), (36, 40))[None]
        found = find_tracks(moving_blocks(truth)[None], 3)
        distances = (pixels_of(found)[0] - torch.from_numpy(truth).float()).norm(dim=-1).mean(dim=1)
        assert distances.min() < 2.5

    @pytest.mark.parametrize("size", [(1, 1), (3, 50), (50, 3)])
    def test_small_frames(self, size):
        clip = torch.randint(0, 256, (1, 5, *size, 3), dtype=torch.uint8)
        assert find_tracks(clip, 2).paths.isfinite().all()


class TestSomeFrames:
    """Things that are seen in a few frames alone."""

    truth = line((14, 12), (34, 38), num=20)[None]

    def found(self, frames, usual=None):
        clip = moving_blocks(self.truth, side=16)
        observed = torch.zeros(clip.shape[:3], dtype=torch.bool)
        observed[frames] = True
        return pixels_of(find_tracks(clip[None], 1, observed=observed[None], usual=usual))[0]

    def test_what_hardly_moves_is_found_before_the_usual_background(self):
        usual = torch.full((48, 48, 3), 40, dtype=torch.uint8)
        found = self.found(range(3), usual)[:, :3]
        assert errors_px(found, self.truth[:, :3]) < 2
        clip = moving_blocks(self.truth, side=16)[None, :3]
        whole, moved = foreground(clip, usual=usual), foreground(clip)
        assert (whole > 0.5).sum(dim=(2, 3)).tolist() == [[256, 256, 256]]
        assert (moved > 0.5).sum() < 256  # the median holds most of the block

    def test_other_frames_have_the_center_of_the_nearest(self):
        usual = torch.full((48, 48, 3), 40, dtype=torch.uint8)
        found = self.found([0, 9, 19], usual)
        assert errors_px(found[:, [0, 9, 19]], self.truth[:, [0, 9, 19]]) < 2
        assert torch.equal(found[:, 3], found[:, 0])
        assert torch.equal(found[:, 15], found[:, 19])

    def test_clips_of_which_other_frames_are_seen(self):
        clips = moving_blocks(self.truth)[None].expand(3, -1, -1, -1, -1)
        observed = torch.zeros(clips.shape[:4], dtype=torch.bool)
        observed[0, :6] = observed[1, 10:] = True  # and nothing of the third
        found = find_tracks(clips, 1, observed=observed).paths
        assert found.shape == (3, 1, 20, 2)
        assert found.isfinite().all()
        whole = find_tracks(clips[:1], 1, observed=observed[:1]).paths
        assert torch.equal(found[:1], whole)


def test_another_background_than_the_usual_one_is_that_of_the_clip():
    clip = moving_blocks(line((10, 8), (36, 40))[None])[None]
    other = torch.full((48, 48, 3), 200, dtype=torch.uint8)
    assert torch.equal(foreground(clip, usual=other), foreground(clip))
    same = torch.full((48, 48, 3), 40, dtype=torch.uint8)
    assert torch.equal(foreground(clip, usual=same), foreground(clip))


def test_the_same_seed_finds_the_same():
    clips = torch.randint(0, 256, (3, 5, 16, 16, 3), dtype=torch.uint8)
    assert torch.equal(find_tracks(clips, 2, seed=4).paths, find_tracks(clips, 2, seed=4).paths)


def test_the_background_has_no_mass():
    truth = line((10, 8), (36, 40))[None]
    mass = foreground(moving_blocks(truth)[None])
    assert mass[0, 0, 40:, :20].abs().max() == 0
    assert mass.max() > 0.5


def test_cells_keep_all_mass_and_its_center():
    mass = torch.rand(1, 2, 13, 17)
    total, centers = cell_masses(mass)
    torch.testing.assert_close(total.sum(dim=2), mass.sum(dim=(2, 3)))
    rows = (2 * torch.arange(13) + 1) / 13 - 1
    expected = (mass.sum(dim=3) * rows).sum(dim=2)
    torch.testing.assert_close((total * centers[..., 0]).sum(dim=2), expected, atol=1e-4, rtol=1e-4)


def test_the_error_of_sprites_is_that_of_their_pictures():
    """Against pixels: the error that is computed from spectra."""
    mass = torch.rand(1, 3, 8, 8)
    fit = SpriteFit(mass, torch.full((1, 1, 3, 2), 3.0))
    fit.update_pictures(robust=False)
    error = fit._errors(fit.centers)
    shown = fit._pixels(fit._placed(0, fit.centers))
    padded = torch.nn.functional.pad(mass, (0, 8, 0, 8))
    expected = (shown - padded).square().sum(dim=(2, 3)) / fit.energy[:, None]
    torch.testing.assert_close(error, expected, atol=1e-4, rtol=1e-3)
