import dataclasses

import pytest
import torch

from videospace.inrv.model.inr import layer_shapes
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.presets import PRESETS, fast, paper, preset, tiny
from videospace.runtime.errors import UserError


def model_of(config):
    with torch.device("meta"):  # the shapes are enough
        return InrvModel(config.model)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


class TestPaper:
    """Against the published numbers."""

    def test_encoding(self):
        assert model_of(paper()).in_width == 63

    def test_inr(self):
        shapes = layer_shapes(paper().model.inr, in_width=63)
        assert shapes == [(256, 63)] + [(256, 256)] * 3 + [(3, 256)]
        assert sum(out * in_ + out for out, in_ in shapes) == 214_531
        assert paper().model.inr.activation == "relu"

    def test_hypernetwork(self):
        """Ten networks of three hidden layers: 10·(128·256+256 + 2·(256²+256)) + 257·214,531."""
        hypernetwork = model_of(paper()).hypernetwork
        generators = [*hypernetwork.weight_generators, *hypernetwork.bias_generators]
        assert len(generators) == 10
        assert sum(map(count, generators)) == 1_646_080 + 257 * 214_531 == 56_780_547
        linear = [layer for layer in generators[0] if isinstance(layer, torch.nn.Linear)]
        assert [layer.out_features for layer in linear] == [256, 256, 256, 256 * 63]

    def test_training(self):
        config = paper()
        assert config.batch.points_per_clip is None
        assert config.optimizer.learning_rate == 1e-4
        assert (config.optimizer.schedule, config.optimizer.warmup_steps) == ("constant", 0)
        assert config.curriculum
        assert config.curriculum_threshold == 1e-3
        assert (config.code_init.method, config.code_init.deviation) == ("gaussian", 0.01)
        assert (config.loss, config.model.latent.width) == ("squared", 128)
        assert config.model.coordinates.time == config.model.coordinates.space == "ends"


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_by_name_are_new_equal_and_frozen(name):
    config = preset(name)
    assert isinstance(config, TrainingConfig)
    assert config == PRESETS[name]()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 1


def test_presets_differ():
    assert len({repr(preset(name)) for name in PRESETS}) == len(PRESETS) >= 3


def test_latents_of_one_keyframe_as_published_and_of_several_where_real_clips_move():
    keyframes = {name: preset(name).model.latent.num_keyframes for name in PRESETS}
    assert keyframes == {"fast": 13, "moving": 1, "tiny": 1, "paper": 1}
    assert fast().model.latent.total_width == 13 * fast().model.latent.width == 1664
    assert model_of(fast()).hypernetwork.weight_generators  # takes the numbers of one keyframe


@pytest.mark.parametrize(("config", "size"), [(fast(), 64), (tiny(), 50)])
def test_octaves_stay_below_the_sampling_limit_of_the_clips(config, size):
    """The highest octave has 2 ** (octaves - 1) cycles, which takes twice as many samples."""
    encoding = config.model.encoding
    for octaves, samples in (
        (encoding.time_octaves, 25),
        (encoding.height_octaves, size),
        (encoding.width_octaves, size),
    ):
        assert 2 * 2 ** (octaves - 1) <= samples


@pytest.mark.parametrize("name", ["fast", "tiny"])
def test_small_presets_are_small(name):
    assert count(model_of(preset(name))) < 20e6


@pytest.mark.parametrize("name", ["huge", "", "Tiny"])
def test_unknown_names_are_told_the_known_ones(name):
    message = "expected a preset among fast, moving, tiny, paper"
    with pytest.raises(UserError, match=message):
        preset(name)
