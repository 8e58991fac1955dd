"""Renders of tracks, whole frames and cropped ones, against all points at once."""

import pytest
import torch
from tests.support.toy_spaces import TRACKS, changed_model

from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.model.tracks import join_latents, split_latents
from videospace.inrv.rendering import clip_grid
from videospace.inrv.rendering.renderer import render, render_frames, render_points, to_uint8


@pytest.fixture
def model():
    return InrvModel(changed_model(latent=TRACKS))


@pytest.fixture(params=["whole frames", "cropped"])
def crop(request, monkeypatch):
    if request.param == "cropped":
        monkeypatch.setattr(clip_grid, "CROPPED_PIXELS", 1)


@pytest.mark.usefixtures("crop")
@pytest.mark.parametrize("size", [(4, 6, 8), (1, 1, 1), (5, 3, 2), (2, 20, 25)])
@pytest.mark.parametrize("chunk_points", [1, 48, 1 << 16])
def test_blocks_of_any_size_give_the_plain_picture(model, size, chunk_points):
    latents = 0.4 * torch.randn(3, TRACKS.total_width)
    expected = to_uint8(render_points(model, latents, size)).numpy().astype(int)
    frames = list(render_frames(model, latents, size, chunk_points=chunk_points))
    assert abs(torch.stack([*map(torch.from_numpy, frames)], dim=1).numpy() - expected).max() <= 1


@pytest.mark.usefixtures("crop")
def test_a_track_outside_the_frame_is_not_seen(model):
    latents = torch.randn(2, TRACKS.total_width)
    parts = split_latents(latents, TRACKS)
    away = join_latents(parts._replace(paths=torch.full_like(parts.paths, 5.0)))
    other = join_latents(parts._replace(paths=torch.full_like(parts.paths, -4.0)))
    assert (render(model, away, (3, 6, 8)) == render(model, other, (3, 6, 8))).all()
