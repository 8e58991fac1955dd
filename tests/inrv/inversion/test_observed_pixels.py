import dataclasses

import numpy as np
import pytest
import torch

from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.observed_pixels import LEAST_OBSERVED_FRACTION, ObservedPixels
from videospace.inrv.rendering.renderer import render_points
from videospace.runtime.random import random_stream

CPU = torch.device("cpu")


@pytest.fixture
def space(make_space):
    return make_space()


def observed_pixels(space, contexts):
    return ObservedPixels(contexts, space.model, (6, 8), CPU)


def test_only_observed_pixels_are_drawn_and_all_of_them(space):
    video = space.render(space.latents[0])
    contexts = [tasks.prediction(video, 1), tasks.inpainting(video)]
    pixels = observed_pixels(space, contexts)
    drawn_pixels = pixels.draw(torch.tensor([0, 1, 1]), 4000, random_stream(0, "points"))
    for context, row in zip([contexts[0], contexts[1], contexts[1]], drawn_pixels, strict=True):
        drawn = np.unique(pixels.grid_indices[row].numpy())
        assert (drawn == np.flatnonzero(context.observed)).all()


def holes(space):
    """Contexts of which 48, 0, 16 and 0 pixels are seen in four frames, and 0, 1, 0 and 1."""
    video = space.render(space.latents[0])
    first, second = np.zeros((2, 4, 6, 8), bool)
    first[0], first[2, :2] = True, True
    second[1, 5, 7] = second[3, 0, 0] = True
    return [tasks.everything(video).without(~seen) for seen in (first, second)]


class TestFrames:
    def test_pixels_are_counted_frame_by_frame(self, space):
        pixels = observed_pixels(space, holes(space))
        assert pixels.counts.tolist() == [[48, 0, 16, 0], [0, 1, 0, 1]]
        assert pixels.starts.tolist() == [[0, 48, 48, 64], [64, 64, 65, 65]]
        assert pixels.observed_fractions.tolist() == pytest.approx(
            [64 / 192, LEAST_OBSERVED_FRACTION]
        )

    def test_frames_are_drawn_by_their_share_of_the_observed_pixels(self, space):
        pixels = observed_pixels(space, holes(space))
        clips = torch.tensor([0, 1]).repeat_interleave(4000)
        frames = pixels.draw_frames(clips, random_stream(0, "points")).view(2, 4000)
        assert frames[0].unique().tolist() == [0, 2]
        assert frames[1].unique().tolist() == [1, 3]
        assert (frames[0] == 0).float().mean().item() == pytest.approx(0.75, abs=0.03)
        assert (frames[1] == 1).float().mean().item() == pytest.approx(0.5, abs=0.03)

    def test_pixels_of_a_frame_are_all_of_its_observed_ones_and_no_other(self, space):
        contexts = holes(space)
        pixels = observed_pixels(space, contexts)
        clips, frames = torch.tensor([0, 1, 0, 1]), torch.tensor([2, 3, 0, 1])
        drawn_pixels = pixels.draw(clips, 2000, random_stream(0, "points"), frames)
        for clip, frame, row in zip(clips, frames, drawn_pixels, strict=True):
            seen = np.flatnonzero(contexts[clip].observed[frame]) + 48 * frame.item()
            assert (np.unique(pixels.grid_indices[row].numpy()) == seen).all()

    def test_a_coarse_frame_is_met_by_the_points_of_that_frame(self, space):
        coarse = observed_pixels(space, [tasks.superresolution(np.zeros((4, 3, 2, 3), np.uint8))])
        drawn_pixels = coarse.draw(
            torch.tensor([0, 0]), 8 * 50, random_stream(0, "points"), torch.tensor([1, 3])
        )
        assert drawn_pixels.shape == (2, 50)
        assert (drawn_pixels // 6 == torch.tensor([[1], [3]])).all()

    def test_chance_is_a_function_of_the_generator(self, space):
        pixels, clips = observed_pixels(space, holes(space)), torch.tensor([0, 1, 0, 1, 0])
        draws = [
            pixels.draw_frames(clips, random_stream(seed, "points")).tolist() for seed in (1, 1)
        ]
        assert draws[0] == draws[1]
        assert (
            len(
                {
                    tuple(pixels.draw_frames(clips, random_stream(s, "points")).tolist())
                    for s in range(9)
                }
            )
            > 1
        )


def test_a_coarse_pixel_is_compared_with_the_mean_of_the_points_it_covers(space):
    """The plain reference: render everything, then box-filter."""
    coarse = [tasks.superresolution(np.zeros((4, 3, 2, 3), np.uint8))] * 2
    pixels = observed_pixels(space, coarse)
    assert pixels.filter == (2, 4)
    inrs = space.model.inrs(space.latents[:2])
    drawn_pixels = pixels.draw(torch.tensor([0, 1]), 8 * 50, random_stream(0, "points"))
    seen = pixels.filtered(space.model.colors(pixels.encoded(drawn_pixels), inrs))
    whole = render_points(space.model, space.latents[:2], (4, 6, 8))
    filtered = whole.unflatten(2, (3, 2)).unflatten(4, (2, 4)).mean(dim=(3, 5)).flatten(1, 3)
    expected = filtered[torch.arange(2)[:, None], pixels.grid_indices[drawn_pixels]]
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-4)


def test_a_finer_context_is_met_on_its_own_grid(space):
    fine = tasks.everything(space.render(space.latents[0], height=12, num_frames=7))
    pixels = observed_pixels(space, [fine])
    assert pixels.filter == (1, 1)
    drawn_pixels = pixels.draw(torch.tensor([0]), 500, random_stream(0, "points"))
    colors = space.model.colors(pixels.encoded(drawn_pixels), space.model.inrs(space.latents[:1]))
    squared, absolute = pixels.errors(colors, drawn_pixels)
    assert absolute.item() < 1 / 127.5
    assert squared.item() < (1 / 127.5) ** 2


def test_errors_are_weighted(space):
    video = np.zeros((4, 6, 8, 3), np.uint8)
    weight = np.zeros(video.shape[:3], np.float32)
    weight[0] = 2
    video[1:] = 255  # does not count
    context = dataclasses.replace(tasks.everything(video), weight=weight)
    pixels = observed_pixels(space, [context, tasks.everything(video)])
    drawn_pixels = pixels.draw(torch.tensor([0, 1]), 4000, random_stream(0, "points"))
    black = torch.full((2, 4000, 3), -1.0)
    squared, absolute = pixels.errors(black, drawn_pixels)
    assert squared[0] == absolute[0] == 0
    assert absolute[1].item() == pytest.approx(1.5, abs=0.1)
