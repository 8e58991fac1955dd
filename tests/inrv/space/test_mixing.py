import pytest
import torch
from tests.support.small_spaces import space_of_a_blob
from tests.support.toy_spaces import CONSTANT, TOY_MODEL, changed_model, random_space

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import split_latents
from videospace.inrv.space.mixing import mix
from videospace.runtime.errors import UserError


def test_the_constant_part_is_of_the_one_and_the_keyframes_of_the_other():
    shown, moving = torch.randn(2, 3, CONSTANT.total_width)
    mixed = mix(shown, moving, CONSTANT)
    assert torch.equal(mixed[:, :5], shown[:, :5])
    assert torch.equal(mixed[:, 5:], moving[:, 5:])


def test_things_keep_their_looks_and_take_the_nearest_paths():
    config = LatentConfig(width=1, num_tracks=2, look_width=2, num_path_keyframes=1)
    shown = torch.tensor([[9.0, 1, 0, -0.5, 0, 0, 1, 0.5, 0]])
    moving = torch.tensor([[7.0, 0, 1, 0.6, 0, 1, 0, -0.6, 0]])
    parts = split_latents(mix(shown, moving, config), config)
    assert parts.content.item() == 9
    assert parts.looks.tolist() == [[[1, 0], [0, 1]]]
    assert parts.paths[0, :, 0, 0].tolist() == pytest.approx([-0.6, 0.6])


def test_a_space_mixes_its_clips():
    space = random_space(model=changed_model(latent=CONSTANT))
    first, second = space.ids[:2]
    assert torch.equal(space.mix(first, first), space.latent(first))
    assert not torch.equal(space.mix(first, second), space.mix(second, first))
    tracked = space_of_a_blob()
    mixed = tracked.mix(tracked.ids[0], tracked.latents[1])
    assert torch.equal(tracked.track_paths(mixed), tracked.track_paths(tracked.latents[1]))


def test_a_latent_that_cannot_be_taken_apart():
    space = random_space(model=TOY_MODEL)
    with pytest.raises(UserError, match="constant-width"):
        space.mix(*space.ids[:2])
