"""The encoder in the folder of its space."""

import json

import pytest
import torch

from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder
from videospace.inrv.space.files import ENCODER_FILE, RENAMED_ENCODER_MODULES
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError
from videospace.runtime.reading.renamed import with_renamed_modules

SMALL = EncoderConfig(side=8, num_channels=8, hidden_width=16)


@pytest.fixture
def space(make_space, keyframes_model):
    """With an encoder that is not trained."""
    space = make_space(num_clips=2, model=keyframes_model)
    space.encoder = LatentEncoder(SMALL, keyframes_model.latent)
    return space


@pytest.fixture
def saved(space, tmp_path):
    """The folder of the space."""
    space.save_pretrained(tmp_path / "space")
    return tmp_path / "space"


def test_every_bit_comes_back(space, saved):
    opened = VideoSpace.from_pretrained(saved)
    assert opened.encoder.config == SMALL
    assert not opened.encoder.training
    for name, value in space.encoder.state_dict().items():
        assert torch.equal(opened.encoder.state_dict()[name], value)


def test_the_tensor_names_of_version_0_1(space, saved):
    tensors, notes = checkpoint.load_tensors(saved / ENCODER_FILE)
    first = {new: old for old, new in RENAMED_ENCODER_MODULES.items()}
    tensors = with_renamed_modules(tensors, first)
    assert {"look.0.0.weight", "gather.0.bias", "decide.2.bias"} < tensors.keys()
    checkpoint.save_tensors(saved / ENCODER_FILE, tensors, notes)
    opened = VideoSpace.from_pretrained(saved)
    for name, value in space.encoder.state_dict().items():
        assert torch.equal(opened.encoder.state_dict()[name], value)


def test_it_goes_along_when_the_space_is_saved_elsewhere(saved, tmp_path):
    VideoSpace.from_pretrained(saved).save_pretrained(tmp_path / "copy")
    first, second = ((folder / ENCODER_FILE) for folder in (saved, tmp_path / "copy"))
    assert first.read_bytes() == second.read_bytes()


def test_a_space_without_one_removes_the_old_one(space, saved):
    space.encoder = None
    space.save_pretrained(saved)
    assert not (saved / ENCODER_FILE).exists()
    assert VideoSpace.from_pretrained(saved).encoder is None


def test_an_encoder_of_other_weights_counts_as_none(saved, tmp_path):
    other = VideoSpace.from_pretrained(saved)
    for weight in other.model.parameters():
        weight.mul_(1.01)
    other.encoder = None
    other.save_pretrained(tmp_path / "other")
    (tmp_path / "other" / ENCODER_FILE).write_bytes((saved / ENCODER_FILE).read_bytes())
    assert VideoSpace.from_pretrained(tmp_path / "other").encoder is None


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_a_file_that_is_cut_short(saved, fraction):
    path = saved / ENCODER_FILE
    path.write_bytes(path.read_bytes()[: int(fraction * path.stat().st_size)])
    with pytest.raises(UserError, match="delete"):
        VideoSpace.from_pretrained(saved)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "expected an object"),
        ({}, "lacks the field"),
        ({"side": 9, "num_channels": 8, "hidden_width": 16}, "multiple of it, got 9"),
        ({"side": 16, "num_channels": 8, "hidden_width": 16}, "neck.0.weight"),
    ],
)
def test_a_network_of_another_shape(saved, config, message):
    tensors, notes = checkpoint.load_tensors(saved / ENCODER_FILE)
    about = json.loads(notes["encoder"]) | {"config": config}
    checkpoint.save_tensors(saved / ENCODER_FILE, tensors, {"encoder": json.dumps(about)})
    with pytest.raises(UserError, match=message) as caught:
        VideoSpace.from_pretrained(saved)
    assert "run 'videospace encoder'" in str(caught.value)


def test_weights_that_are_not_finite(saved):
    tensors, notes = checkpoint.load_tensors(saved / ENCODER_FILE)
    tensors["skip.bias"][0] = float("nan")
    checkpoint.save_tensors(saved / ENCODER_FILE, tensors, notes)
    with pytest.raises(UserError, match=r"skip\.bias"):
        VideoSpace.from_pretrained(saved)
