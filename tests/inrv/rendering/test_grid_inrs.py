import pytest
import torch

from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.rendering.grid_inrs import GridInrs, Workspace
from videospace.inrv.rendering.renderer import render_frames, render_points, to_uint8
from videospace.inrv.training.presets import preset

CPU = torch.device("cpu")
WHOLE = (slice(None), slice(None), slice(None))
SIZE = (3, 8, 10)


def psnr_db(one, other):
    """On bytes."""
    return 10 * torch.log10(255**2 / (one.double() - other.double()).square().mean())


def both(model, precision, latents):
    """Colors on a whole grid, fast and plain."""
    tables = model.axis_tables(SIZE, CPU)
    with torch.no_grad():
        inrs = GridInrs(tables, model.inrs(latents).layers, model.config.inr, precision)
        assert len(inrs) == len(latents)
        return inrs.colors(*WHOLE), render_points(model, latents, SIZE)


@pytest.mark.parametrize("activation", ["relu", "gelu", "sine"])
@pytest.mark.parametrize("num_hidden_layers", [0, 1, 3])
def test_in_float32_the_colors_are_the_plain_ones(make_model, activation, num_hidden_layers):
    inr = InrConfig(hidden_width=8, num_hidden_layers=num_hidden_layers, activation=activation)
    fast, plain = both(InrvModel(make_model(inr=inr)), "float32", torch.randn(2, 6))
    torch.testing.assert_close(fast, plain, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("activation", ["relu", "gelu", "sine"])
def test_in_bfloat16_they_are_near(make_model, activation):
    inr = InrConfig(hidden_width=8, num_hidden_layers=3, activation=activation)
    fast, plain = both(InrvModel(make_model(inr=inr)), "bfloat16", torch.randn(2, 6))
    assert fast.dtype == torch.float32
    assert 0 < (fast - plain).square().mean().sqrt() < 0.02 * plain.std()


def test_rounding_does_not_show_in_a_render():
    """The network of the preset, whose colors fill the range."""
    torch.manual_seed(0)
    model = InrvModel(preset("tiny").model)
    with torch.no_grad():
        model.hypernetwork.base_weights[-1].mul_(20)
    latents = torch.randn(2, model.config.latent.total_width)
    plain = to_uint8(render_points(model, latents, (3, 32, 32)))
    assert plain.float().std() > 20
    frames = render_frames(model, latents, (3, 32, 32), precision="bfloat16")
    fast = torch.stack([torch.from_numpy(frame.copy()) for frame in frames], dim=1)
    assert not torch.equal(fast, plain)
    assert psnr_db(fast, plain) > 50


@pytest.mark.parametrize(
    "part", [(slice(1, 2), slice(0, 2), slice(3, 8)), (slice(0, 2), slice(2, 3), slice(0, 1))]
)
def test_a_part_of_the_grid(toy_model, part):
    model, latents = InrvModel(toy_model), torch.randn(2, 6)
    tables = model.axis_tables(SIZE, CPU)
    with torch.no_grad():
        inrs = GridInrs(tables, model.inrs(latents).layers, model.config.inr, "float32")
        torch.testing.assert_close(inrs.colors(*part), inrs.colors(*WHOLE)[part])


@pytest.mark.parametrize("num_hidden_layers", [0, 1, 2, 3])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_colors_stay_when_others_are_computed_in_the_same_workspace(
    make_model, num_hidden_layers, precision
):
    inr = InrConfig(hidden_width=8, num_hidden_layers=num_hidden_layers)
    model, workspace = InrvModel(make_model(inr=inr)), Workspace()
    tables = model.axis_tables(SIZE, CPU)
    one, other = (
        GridInrs(tables, model.inrs(torch.randn(2, 6)).layers, inr, precision, workspace)
        for _ in range(2)
    )
    row = (slice(0, 1), slice(0, 1), slice(0, 1))
    before_it_grows = one.colors(*row)
    whole = one.colors(*WHOLE)
    after = one.colors(*row)
    kept = [colors.clone() for colors in (before_it_grows, whole, after)]
    other.colors(*row)
    other.colors(*WHOLE)
    torch.testing.assert_close([before_it_grows, whole, after], kept, rtol=0, atol=0)
    torch.testing.assert_close(whole[row], after)


def test_a_workspace_reuses_its_buffers():
    workspace, like = Workspace(), torch.empty(0)
    large = workspace.buffer(0, (3, 4), like)
    small = workspace.buffer(0, (2, 5), like)
    assert small.shape == (2, 5)
    assert small.data_ptr() == large.data_ptr()
    assert workspace.buffer(1, (2, 5), like).data_ptr() != small.data_ptr()
    assert workspace.buffer(0, (2, 5), like.bfloat16()).dtype == torch.bfloat16
