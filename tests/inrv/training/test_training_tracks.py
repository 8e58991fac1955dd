"""Training of latents with tracks."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import TRACKS, changed_model, toy_config, write_toy_store

from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.encoder_training import EncoderTrainingConfig, train_encoder
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import split_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.optimizers import code_rates

QUIET = TrainingOptions(progress=False)


def trained(store, folder, num_steps, latent=TRACKS, **changes):
    config = toy_config(
        num_steps,
        model=changed_model(latent=latent),
        code_init=CodeInitConfig(method="pca"),
        **changes,
    )
    train(store, folder, config, QUIET)
    return VideoSpace.from_pretrained(folder)


def test_the_space_shows_its_clips(tmp_path):
    store = write_toy_store(tmp_path / "store")
    errors = []
    for num_steps in (1, 300):
        space = trained(store, tmp_path / str(num_steps), num_steps)
        difference = space.render(space.latents).astype(float) - store.frames(range(5))
        errors.append(np.square(difference).mean())
    assert errors[1] < 0.3 * errors[0]


def test_looks_and_paths_learn(tmp_path):
    store = write_toy_store(tmp_path / "store")
    before, after = (
        split_latents(trained(store, tmp_path / str(num), num).latents, TRACKS) for num in (1, 40)
    )
    for one, other in zip(before, after, strict=True):
        assert (one - other).abs().max() > 1e-3


@pytest.mark.parametrize("semantic", ["none", "video-clip"])
def test_paths_have_a_rate_of_their_own(semantic):
    latent = dataclasses.replace(TRACKS, semantic=semantic, code_width=9)
    config = toy_config(1, model=changed_model(latent=latent))
    optimizer = dataclasses.replace(
        config.optimizer, code_learning_rate=0.25, path_learning_rate=0.5
    )
    rates = code_rates(dataclasses.replace(config, optimizer=optimizer))
    tracks = torch.tensor([0.25] * 4 + [0.5] * 6).repeat(2)
    assert torch.equal(rates[-20:], tracks)
    assert (rates[:-20] == 0.25).all()


def test_without_tracks_all_numbers_have_one_rate():
    config = toy_config(1, model=changed_model(latent=LatentConfig(width=6)))
    assert code_rates(config).unique().tolist() == pytest.approx(
        [config.optimizer.code_learning_rate]
    )


def test_content_that_all_clips_share_stays_as_it_is(tmp_path):
    latent = dataclasses.replace(TRACKS, width=1, num_keyframes=1)
    assert latent.shares_content
    assert code_rates(toy_config(1, model=changed_model(latent=latent)))[0] == 0
    store = write_toy_store(tmp_path / "store")
    config = toy_config(30, model=changed_model(latent=latent), code_init=CodeInitConfig())
    train(store, tmp_path / "space", config, TrainingOptions(progress=False))
    space = VideoSpace.from_pretrained(tmp_path / "space")
    assert space.latents[:, 0].unique().numel() == 1
    assert space.sample(3, method="gaussian")[:, 0].unique().numel() == 1
    context = Context(video=space.render(space.latents[0]), observed=np.ones((4, 6, 8), bool))
    train_encoder(space, store, EncoderTrainingConfig(budget_seconds=0.1), progress=False)
    found = invert(space, [context], InversionConfig(max_steps=3))
    assert found.latents[0, 0] == space.latents[0, 0]


def test_a_clip_of_two_frames_has_two_centers(tmp_path):
    store = write_toy_store(tmp_path / "store", size=(2, 6, 8))
    space = trained(store, tmp_path / "space", 3)
    assert space.model.config.latent.num_path_keyframes == 2
