import dataclasses

import numpy as np
import pytest
import torch

from videospace.inrv import tasks
from videospace.inrv.observed_points import ObservedPoints
from videospace.inrv.rendering import render_points
from videospace.inrv.training_data import seeded

CPU = torch.device("cpu")


@pytest.fixture
def space(make_space):
    return make_space()


def observed_points(space, contexts):
    return ObservedPoints(contexts, space.model, (6, 8), CPU)


def test_only_observed_pixels_are_drawn_and_all_of_them(space):
    video = space.render(space.latents[0])
    contexts = [tasks.prediction(video, 1), tasks.inpainting(video)]
    points = observed_points(space, contexts)
    places = points.draw(torch.tensor([0, 1, 1]), 4000, seeded(0))
    for context, row in zip([contexts[0], contexts[1], contexts[1]], places, strict=True):
        drawn = np.unique(points.points[row].numpy())
        assert (drawn == np.flatnonzero(context.observed)).all()


def test_a_coarse_pixel_is_compared_with_the_mean_of_the_points_it_covers(space):
    """The plain reference: render everything, then box-filter."""
    coarse = [tasks.superresolution(np.zeros((4, 3, 2, 3), np.uint8))] * 2
    points = observed_points(space, coarse)
    assert points.filter == (2, 4)
    layers = space.model.layers(space.latents[:2])
    places = points.draw(torch.tensor([0, 1]), 8 * 50, seeded(0))
    seen = points.filtered(space.model.colours(points.encoded(places), layers))
    whole = render_points(space.model, space.latents[:2], (4, 6, 8))
    filtered = whole.unflatten(2, (3, 2)).unflatten(4, (2, 4)).mean(dim=(3, 5)).flatten(1, 3)
    expected = filtered[torch.arange(2)[:, None], points.points[places]]
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-4)


def test_a_finer_context_is_met_on_its_own_grid(space):
    fine = tasks.everything(space.render(space.latents[0], height=12, num_frames=7))
    points = observed_points(space, [fine])
    assert points.filter == (1, 1)
    places = points.draw(torch.tensor([0]), 500, seeded(0))
    colours = space.model.colours(points.encoded(places), space.model.layers(space.latents[:1]))
    squared, absolute = points.errors(colours, places)
    assert absolute.item() < 1 / 127.5
    assert squared.item() < (1 / 127.5) ** 2


def test_errors_are_weighted(space):
    video = np.zeros((4, 6, 8, 3), np.uint8)
    weight = np.zeros(video.shape[:3], np.float32)
    weight[0] = 2
    video[1:] = 255  # does not count
    context = dataclasses.replace(tasks.everything(video), weight=weight)
    points = observed_points(space, [context, tasks.everything(video)])
    places = points.draw(torch.tensor([0, 1]), 4000, seeded(0))
    black = torch.full((2, 4000, 3), -1.0)
    squared, absolute = points.errors(black, places)
    assert squared[0] == absolute[0] == 0
    assert absolute[1].item() == pytest.approx(1.5, abs=0.1)
