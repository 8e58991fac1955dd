"""The flow in the folder of its space."""

import json

import pytest
import torch

from videospace.inrv.model.latent_flow import FlowConfig, LatentFlow
from videospace.inrv.space.files import FLOW_FILE
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError

SMALL = FlowConfig(hidden_width=16, num_layers=1, num_heads=2)


@pytest.fixture
def space(make_space, keyframes_model):
    """With a flow that is not trained."""
    space = make_space(num_clips=2, model=keyframes_model)
    space.flow = LatentFlow(SMALL, keyframes_model.latent)
    space.flow.fit_scale(space.latents)
    return space


@pytest.fixture
def saved(space, tmp_path):
    """The folder of the space."""
    space.save_pretrained(tmp_path / "space")
    return tmp_path / "space"


def test_the_same_samples_come_back(space, saved, tmp_path):
    opened = VideoSpace.from_pretrained(saved)
    assert opened.flow.config == SMALL
    assert torch.equal(opened.sample(3, method="flow"), space.sample(3, method="flow"))
    opened.save_pretrained(tmp_path / "copy")
    first, second = ((folder / FLOW_FILE) for folder in (saved, tmp_path / "copy"))
    assert first.read_bytes() == second.read_bytes()


def test_a_space_without_one_removes_the_old_one(space, saved):
    space.flow = None
    space.save_pretrained(saved)
    assert not (saved / FLOW_FILE).exists()
    assert VideoSpace.from_pretrained(saved).flow is None


def test_a_flow_of_other_weights_counts_as_none(saved, tmp_path):
    other = VideoSpace.from_pretrained(saved)
    for weight in other.model.parameters():
        weight.mul_(1.01)
    other.flow = None
    other.save_pretrained(tmp_path / "other")
    (tmp_path / "other" / FLOW_FILE).write_bytes((saved / FLOW_FILE).read_bytes())
    assert VideoSpace.from_pretrained(tmp_path / "other").flow is None


def test_a_file_that_is_cut_short(saved):
    path = saved / FLOW_FILE
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match="run 'videospace prior'"):
        VideoSpace.from_pretrained(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_width": 10**9},
        {"hidden_width": 15},
        {"num_layers": "many"},
        {"num_heads": 0},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_size_that_cannot_be(saved, change):
    tensors, notes = checkpoint.load_tensors(saved / FLOW_FILE)
    about = json.loads(notes["flow"])
    about["config"] |= change
    checkpoint.save_tensors(saved / FLOW_FILE, tensors, {"flow": json.dumps(about)})
    with pytest.raises(UserError, match="delete"):
        VideoSpace.from_pretrained(saved)


def test_a_number_that_is_not_finite(saved):
    tensors, notes = checkpoint.load_tensors(saved / FLOW_FILE)
    tensors["mean"][0] = torch.nan
    checkpoint.save_tensors(saved / FLOW_FILE, tensors, notes)
    with pytest.raises(UserError, match="finite"):
        VideoSpace.from_pretrained(saved)
