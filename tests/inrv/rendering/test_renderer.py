import numpy as np
import pytest
import torch

from videospace.inrv.model.coordinates import CoordinatesConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.rendering import renderer as rendering
from videospace.inrv.rendering.grid_inrs import GridInrs
from videospace.inrv.rendering.renderer import render, render_frames, render_points, to_uint8
from videospace.runtime.errors import UserError

SIZES = [(4, 6, 8), (1, 1, 1), (3, 5, 3), (2, 1, 9), (7, 4, 1)]


def gray_levels(colors):
    return to_uint8(colors).numpy().astype(int)


def streamed(model, latents, size, **settings):
    return np.stack(list(render_frames(model, latents, size, **settings)), axis=1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("activation", ["relu", "gelu", "sine"])
def test_the_separable_first_layer_gives_the_plain_colors(make_model, size, activation):
    """In float, before any rounding: what the fast path hands to `to_uint8` is the reference."""
    model = InrvModel(make_model(inr=InrConfig(hidden_width=8, activation=activation)))
    latents, handed_over = torch.randn(3, 6), []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            rendering, "to_uint8", lambda c: handed_over.append(c.clone()) or to_uint8(c)
        )
        streamed(model, latents, size)
    assert len(handed_over) == 1
    reference = render_points(model, latents, size)
    torch.testing.assert_close(
        handed_over[0].view(reference.shape), reference, atol=2e-4, rtol=1e-4
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chunk_points", [1, 2, 7, 48, 100, 1 << 16])
def test_chunks_of_any_size_give_the_plain_picture(toy_model, size, chunk_points):
    model, latents = InrvModel(toy_model), torch.randn(3, 6)
    frames = list(render_frames(model, latents, size, chunk_points=chunk_points))
    assert len(frames) == size[0]
    assert all(frame.shape == (3, *size[1:], 3) for frame in frames)
    assert all(frame.dtype == np.uint8 for frame in frames)
    reference = gray_levels(render_points(model, latents, size))
    assert np.abs(np.stack(frames, axis=1).astype(int) - reference).max() <= 1


@pytest.mark.parametrize("max_clips", [1, 2, 5, 256])
def test_more_clips_than_are_held_at_once(toy_model, monkeypatch, max_clips):
    model, latents = InrvModel(toy_model), torch.randn(5, 6)
    reference = gray_levels(render_points(model, latents, (3, 4, 5)))
    monkeypatch.setattr(rendering, "MAX_INR_CLIPS", max_clips)
    for videos in (render(model, latents, (3, 4, 5)), streamed(model, latents, (3, 4, 5))):
        assert np.abs(videos.astype(int) - reference).max() <= 1


@pytest.fixture
def blocks(monkeypatch):
    """Points of every block that goes through the network, in order."""
    num_points, evaluate = [], GridInrs.colors

    def counted(*arguments):
        colors = evaluate(*arguments)
        num_points.append(colors.numel() // 3)
        return colors

    monkeypatch.setattr(GridInrs, "colors", counted)
    return num_points


def test_no_more_points_at_once_than_asked_for(toy_model, blocks):
    streamed(InrvModel(toy_model), torch.randn(3, 6), (4, 16, 16), chunk_points=64)
    assert max(blocks) <= 64
    assert sum(blocks) == 3 * 4 * 16 * 16


def test_a_frame_costs_nothing_before_it_is_asked_for(toy_model, blocks):
    frames = render_frames(InrvModel(toy_model), torch.randn(1, 6), (1000, 8, 8), chunk_points=128)
    assert sum(blocks) == 0
    assert next(frames).shape == (1, 8, 8, 3)
    next(frames)
    assert sum(blocks) == 128


def test_twice_the_frame_rate_holds_the_original_frames(toy_model):
    model, latents = InrvModel(toy_model), torch.randn(3, 6)
    slow, fast = render(model, latents, (7, 6, 8)), render(model, latents, (13, 6, 8))
    assert np.array_equal(fast[:, ::2], slow)
    assert not np.array_equal(fast[:, 1:-1:2], slow[:, :-1])


def test_twice_the_size_lines_up(make_model):
    """A pixel is the mean of the four it is split into, not of ones beside them."""
    model = InrvModel(make_model(inr=InrConfig(hidden_width=8, activation="gelu")))
    latents = torch.randn(4, 6)
    small = render_points(model, latents, (4, 16, 16))
    large = render_points(model, latents, (4, 32, 32))

    def difference(large):
        boxes = large.unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).mean(dim=(3, 5))
        return (boxes - small[:, :, : boxes.shape[2], : boxes.shape[3]]).abs().mean()

    aligned, shifted = difference(large), difference(large[:, :, 1:-1, 1:-1])
    assert aligned < 0.25 * shifted


def test_published_grids_hold_their_corners(make_model):
    model = InrvModel(make_model(coordinates=CoordinatesConfig(time="ends", space="ends")))
    latents = torch.randn(2, 6)
    small, large = render(model, latents, (3, 4, 5)), render(model, latents, (5, 7, 9))
    assert np.abs(large[:, ::2, ::2, ::2].astype(int) - small.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("color", "level"), [(-1, 0), (1, 255), (0, 128), (-9, 0), (9, 255), (-0.5, 64), (0.2, 153)]
)
def test_levels_of_known_colors(color, level):
    assert to_uint8(torch.tensor([float(color)])).item() == level


def test_every_level_survives_the_way_there_and_back():
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(levels.float().div(127.5).sub(1)), levels)


@pytest.mark.parametrize("size", [(0, 6, 8), (4, 0, 8), (4, 6, -1)])
def test_sizes_without_pixels(toy_model, size):
    model, latents = InrvModel(toy_model), torch.randn(1, 6)
    with pytest.raises(UserError, match=f"got {size[0]} frames"):
        render(model, latents, size)
    with pytest.raises(UserError, match=f"got {size[0]} frames"):
        next(render_frames(model, latents, size))


def test_no_latents_at_all(toy_model):
    model, nothing = InrvModel(toy_model), torch.zeros(0, 6)
    assert render(model, nothing, (2, 3, 4)).shape == (0, 2, 3, 4, 3)
    assert [frame.shape for frame in render_frames(model, nothing, (2, 3, 4))] == [(0, 3, 4, 3)] * 2


def test_rendering_leaves_no_gradient_behind(toy_model):
    model = InrvModel(toy_model)
    render(model, torch.randn(1, 6), (2, 3, 4))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()
