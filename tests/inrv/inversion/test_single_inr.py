import numpy as np
import pytest

from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.single_inr import SingleInrConfig, fit_single_inrs
from videospace.inrv.rendering.renderer import render_frames_of_layers
from videospace.runtime.errors import UserError


def test_each_clip_gets_a_network_of_its_own(make_space):
    space = make_space()
    rows = np.linspace(60, 200, 6).astype(np.uint8)[None, :, None, None]
    clips = [np.broadcast_to(rows, (4, 6, 8, 3)), np.full((4, 6, 8, 3), 30, np.uint8)]
    fitted = fit_single_inrs(
        space.model,
        [tasks.everything(np.ascontiguousarray(clip)) for clip in clips],
        (6, 8),
        SingleInrConfig(max_steps=300, points_per_clip=128),
    )
    video = np.stack(list(render_frames_of_layers(space.model, fitted.layers, (4, 6, 8))), axis=1)
    error = np.abs(video.astype(float) - np.stack(clips)).mean(axis=(1, 2, 3, 4))
    assert error.max() < 6
    assert 0 < fitted.steps <= 300


def test_settings():
    with pytest.raises(UserError, match="steps and points"):
        SingleInrConfig(max_steps=0)
