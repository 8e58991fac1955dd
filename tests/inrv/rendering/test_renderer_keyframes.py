"""Renders of latents with several keyframes, and of INRs with weight offsets."""

import numpy as np
import pytest
import torch

from videospace.inrv.model.inr import Layer
from videospace.inrv.model.inrv_model import Inrs, InrvModel
from videospace.inrv.rendering import renderer as rendering
from videospace.inrv.rendering.renderer import render, render_frames, render_points, to_uint8
from videospace.runtime.errors import UserError

CPU = torch.device("cpu")
SIZES = [(4, 6, 8), (1, 1, 1), (5, 3, 2), (2, 1, 9)]


@pytest.fixture
def model(keyframes_model):
    return InrvModel(keyframes_model)


def streamed(model, latents, size, **settings):
    return np.stack(list(render_frames(model, latents, size, **settings)), axis=1)


def gray_levels(colors):
    return to_uint8(colors).numpy().astype(int)


def offsets_of(model, num_clips, deviation=0.3):
    """Random weight offsets for every clip, large enough to be seen."""
    return [
        Layer(
            deviation * torch.randn(num_clips, *shape), deviation * torch.randn(num_clips, shape[0])
        )
        for shape in model.hypernetwork.shapes
    ]


def points_with_offsets(model, latents, size, weight_offsets):
    """The plain reference: the INRs of every time, with offsets, at all points of that time."""
    time, row, column = model.axis_tables(size, CPU)
    frames = []
    for index, at in enumerate(model.frame_times(size[0], CPU)):
        layers = [
            Layer(layer.weight + offset.weight, layer.bias + offset.bias)
            for layer, offset in zip(
                model.inrs(latents, at.expand(len(latents))).layers, weight_offsets, strict=True
            )
        ]
        tables = time[index].expand(*size[1:], -1), row[:, None].expand(*size[1:], -1)
        features = torch.cat([*tables, column.expand(*size[1:], -1)], dim=2)
        frames.append(model.colors(features.flatten(0, 1)[None], Inrs(layers)))
    return torch.stack(frames, dim=1).unflatten(2, size[1:]).detach()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chunk_points", [1, 7, 48, 1 << 16])
def test_chunks_of_any_size_give_the_plain_picture(model, size, chunk_points):
    latents = torch.randn(3, 18)
    frames = list(render_frames(model, latents, size, chunk_points=chunk_points))
    assert [frame.shape for frame in frames] == [(3, *size[1:], 3)] * size[0]
    reference = gray_levels(render_points(model, latents, size))
    assert np.abs(np.stack(frames, axis=1).astype(int) - reference).max() <= 1


def test_at_its_keyframes_a_clip_is_what_their_numbers_alone_show(model, toy_model):
    plain, latents = InrvModel(toy_model), torch.randn(2, 18)
    plain.load_state_dict(model.state_dict())
    videos = render_points(model, latents, (5, 4, 3))
    for keyframe, frame in enumerate((0, 2, 4)):
        still = render_points(plain, latents[:, 6 * keyframe : 6 * keyframe + 6], (5, 4, 3))
        torch.testing.assert_close(videos[:, frame], still[:, frame])


@pytest.mark.parametrize("num_keyframes", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_weight_offsets_are_added_at_every_time(toy_model, keyframes_model, num_keyframes, size):
    model = InrvModel(toy_model if num_keyframes == 1 else keyframes_model)
    latents = torch.randn(3, 6 * num_keyframes)
    weight_offsets = offsets_of(model, 3)
    videos = streamed(model, latents, size, weight_offsets=weight_offsets, chunk_points=20)
    reference = gray_levels(points_with_offsets(model, latents, size, weight_offsets))
    assert np.abs(videos.astype(int) - reference).max() <= 1
    unchanged = gray_levels(render_points(model, latents, size))
    assert (np.abs(reference - unchanged).max(axis=(2, 3, 4)) > 1).all()  # in every frame


def test_weight_offsets_of_zero_change_nothing(model):
    latents = torch.randn(2, 18)
    nothing = streamed(
        model, latents, (4, 6, 8), weight_offsets=offsets_of(model, 2, deviation=0.0)
    )
    assert np.array_equal(nothing, streamed(model, latents, (4, 6, 8)))


@pytest.mark.parametrize("max_clips", [1, 2, 5])
def test_more_clips_than_are_held_at_once(model, monkeypatch, max_clips):
    latents, size = torch.randn(5, 18), (3, 4, 5)
    weight_offsets = offsets_of(model, 5)
    reference = gray_levels(render_points(model, latents, size))
    changed = gray_levels(points_with_offsets(model, latents, size, weight_offsets))
    monkeypatch.setattr(rendering, "MAX_INR_CLIPS", max_clips)
    for videos in (render(model, latents, size), streamed(model, latents, size)):
        assert np.abs(videos.astype(int) - reference).max() <= 1
    videos = streamed(model, latents, size, weight_offsets=weight_offsets)
    assert np.abs(videos.astype(int) - changed).max() <= 1


def test_a_time_costs_nothing_before_it_is_asked_for(model, monkeypatch):
    times, predict = [], model.inrs
    monkeypatch.setattr(
        model, "inrs", lambda latents, at: times.append(at.tolist()) or predict(latents, at)
    )
    frames = render_frames(model, torch.randn(2, 18), (5, 4, 4))
    assert times == []
    next(frames), next(frames)
    assert times == [[-1.0, -1.0], [-0.5, -0.5]]


def test_twice_the_frame_rate_holds_the_original_frames(model):
    latents = torch.randn(3, 18)
    slow, fast = render(model, latents, (7, 6, 8)), render(model, latents, (13, 6, 8))
    assert np.abs(fast[:, ::2].astype(int) - slow).max() <= 1
    assert not np.array_equal(fast[:, 1:-1:2], slow[:, :-1])


def test_no_latents_at_all(model):
    assert render(model, torch.zeros(0, 18), (2, 3, 4)).shape == (0, 2, 3, 4, 3)


def test_sizes_without_pixels(model):
    with pytest.raises(UserError, match="got 0 frames"):
        next(render_frames(model, torch.randn(1, 18), (0, 3, 4)))
