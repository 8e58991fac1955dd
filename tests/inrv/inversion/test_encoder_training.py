import dataclasses
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import CONSTANT, KEYFRAMES, TRACKS, psnr
from torch.nn import functional

from videospace.inrv.inversion import encoder_training, tasks
from videospace.inrv.inversion.encoder_training import (
    EncoderTrainingConfig,
    deformed_paths,
    train_encoder,
)
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.model.encoder import EncoderConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.track_encoder import track_crops
from videospace.inrv.model.tracks import join_latents, split_latents
from videospace.inrv.training.data import TrainingClips
from videospace.runtime.errors import UserError

SMALL = EncoderConfig(side=8, num_channels=8, hidden_width=16)
GUESS = InversionConfig(max_steps=0, precision="float32")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """One second for each look at the clock, which is one for each step."""
    clock = SimpleNamespace(monotonic=count(0.0, 1.0).__next__)
    monkeypatch.setattr(encoder_training, "time", clock)


def training(num_steps: int, **changes) -> EncoderTrainingConfig:
    settings = {"frames_per_step": 32, "points_per_frame": 24, "stretch": 0.0, "shift": 0.0}
    return EncoderTrainingConfig(
        budget_seconds=float(num_steps),
        learning_rate=1e-2,
        encoder=SMALL,
        **{**settings, **changes},
    )


LATENTS = {
    "one keyframe": LatentConfig(width=6),
    "three keyframes": KEYFRAMES,
    "constant part": CONSTANT,
    "tracks": TRACKS,
}


@pytest.fixture(params=LATENTS)
def space(request, make_space, make_model, keyframes_model):
    """Untrained, but its clips differ from each other."""
    latent = LATENTS[request.param]
    hypernetwork = dataclasses.replace(keyframes_model.hypernetwork, initial_difference=0.1)
    return make_space(num_clips=8, model=make_model(latent=latent, hypernetwork=hypernetwork))


@pytest.fixture
def store(space, make_store, tmp_path):
    """The clips of the space as it renders them, and one that it does not know."""
    clips = space.render(torch.cat([space.latents, space.latents[:1]]))
    return make_store(tmp_path / "store", num_clips=9, clips=clips)


class TestTraining:
    def test_guesses_come_nearer_to_the_clips_than_the_mean(self, space, store):
        report = train_encoder(space, store, training(120), progress=False)
        truth = store.frames(store.rows("train")[:8])
        found = invert(space, [tasks.everything(clip) for clip in truth], GUESS)
        mean = space.render(space.latents.mean(dim=0, keepdim=True))
        assert psnr(space.render(found.latents), truth) > psnr(mean, truth) + 3
        assert found.steps == 0
        assert report.psnr_db > psnr(mean, truth)

    def test_the_space_itself_stays_as_it_is(self, space, store):
        before, latents = space.fingerprint(), space.latents.clone()
        train_encoder(space, store, training(3), progress=False)
        assert space.fingerprint() == before
        assert torch.equal(space.latents, latents)
        assert not space.encoder.training
        assert not any(weight.requires_grad for weight in space.encoder.parameters())

    def test_only_clips_that_the_space_knows_are_looked_at(self, space, store, monkeypatch):
        rows = []

        class Watched(TrainingClips):
            def __init__(self, store, chosen, device):
                rows.extend(chosen)
                super().__init__(store, chosen, device)

        monkeypatch.setattr("videospace.inrv.inversion.encoder_training.TrainingClips", Watched)
        train_encoder(space, store, training(3), progress=False)
        assert rows == list(range(8))

    def test_an_interrupt_leaves_the_old_encoder(self, space, store, monkeypatch):
        train_encoder(space, store, training(3), progress=False)
        before = space.encoder
        calls = count()

        def interrupted(*_):
            if next(calls) == 2:
                raise KeyboardInterrupt
            return 1.0

        monkeypatch.setattr(
            "videospace.inrv.inversion.encoder_training.psnr_from_squared_error", interrupted
        )
        with pytest.raises(KeyboardInterrupt):
            train_encoder(space, store, training(120), progress=False)
        assert space.encoder is before

    def test_it_ends_when_the_time_is_over(self, space, store):
        report = train_encoder(space, store, training(7), progress=False)
        assert report.steps == 7
        assert report.seconds == 8  # the last look at the clock is for the report

    def test_a_single_clip_of_one_frame(self, make_space, make_store, tmp_path):
        space = make_space(num_clips=1, size=(1, 6, 8))
        store = make_store(tmp_path / "one", num_clips=1, size=(1, 6, 8))
        report = train_encoder(space, store, training(3), progress=False)
        assert np.isfinite(report.psnr_db)

    def test_deformed_frames_train_it_too(self, space, store):
        report = train_encoder(space, store, training(3, stretch=0.1, shift=0.1), progress=False)
        assert np.isfinite(report.psnr_db)

    def test_a_rate_that_is_too_high_is_named(self, space, store):
        wild = dataclasses.replace(training(50), learning_rate=1e30)
        with pytest.raises(UserError, match="learning_rate"):
            train_encoder(space, store, wild, progress=False)
        assert space.encoder is None

    def test_clips_that_the_space_does_not_know(self, space, make_store, tmp_path, store):
        space.ids = [f"other-{number}" for number in range(8)]
        with pytest.raises(UserError, match="trained on"):
            train_encoder(space, store, training(3), progress=False)
        other = make_store(tmp_path / "other", size=(4, 6, 6))
        with pytest.raises(UserError, match="expected clips of 4 frames of 6x8 px"):
            train_encoder(space, other, training(3), progress=False)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"budget_seconds": 0.0}, "budget_seconds above 0, got 0.0"),
            ({"budget_seconds": float("inf")}, "budget_seconds above 0, got inf"),
            ({"frames_per_step": 0}, "frames_per_step of at least 1, got 0"),
            ({"points_per_frame": 0}, "points_per_frame of at least 1, got 0"),
            ({"shift": -1.0}, "shift of at least 0, got -1.0"),
            ({"stretch": float("nan")}, "stretch of at least 0, got nan"),
        ],
    )
    def test_settings_that_cannot_be(self, changes, message):
        with pytest.raises(UserError, match=message):
            EncoderTrainingConfig(**changes)


def test_looks_are_guessed(make_space, make_model, make_store, keyframes_model, tmp_path):
    """With true contents and paths, clips with the guessed looks are nearer than with the mean."""
    hypernetwork = dataclasses.replace(keyframes_model.hypernetwork, initial_difference=1.0)
    space = make_space(num_clips=8, model=make_model(latent=TRACKS, hypernetwork=hypernetwork))
    clips = space.render(space.latents)
    store = make_store(tmp_path / "tracks", num_clips=8, clips=clips)
    train_encoder(space, store, training(200, frames_per_step=128), progress=False)
    parts = split_latents(space.latents, TRACKS)
    frames = torch.from_numpy(clips).permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    centers = space.track_paths(space.latents)
    radius = space.model.config.tracks.radius
    looks, _ = space.encoder.tracks(
        track_crops(frames, torch.ones_like(frames[:, :, 0]), centers, radius)
    )
    guessed, mean = (
        psnr(space.render(join_latents(parts._replace(looks=each))), clips)
        for each in (looks, space.encoder.tracks.mean.expand_as(looks))
    )
    assert guessed > mean + 1


def test_paths_follow_what_is_deformed():
    """A blob at (h, w) = (-0.3, 0.4) is where its path says after the frame was resampled."""
    side = (torch.arange(64) + 0.5) / 32 - 1
    blob = torch.exp(-((side[:, None] + 0.3) ** 2 + (side - 0.4) ** 2) / 0.01)
    affine = torch.tensor([[[1.1, 0.2, -0.1], [-0.15, 0.9, 0.2]]])
    grid = functional.affine_grid(affine, [1, 1, 64, 64], align_corners=False)
    moved = functional.grid_sample(blob[None, None], grid, align_corners=False)[0, 0]
    center = torch.stack([(moved.sum(1) * side).sum(), (moved.sum(0) * side).sum()]) / moved.sum()
    path = deformed_paths(torch.tensor([[[[-0.3, 0.4]]]]), affine)
    torch.testing.assert_close(path.flatten(), center, atol=0.01, rtol=0)


class TestInversion:
    def test_the_search_begins_at_the_guess(self, space, store):
        train_encoder(space, store, training(120), progress=False)
        contexts = [tasks.everything(clip) for clip in store.frames([0, 1, 2, 3])]
        short = dataclasses.replace(GUESS, max_steps=2, learning_rate=1e-4)
        errors = {
            start: invert(space, contexts, dataclasses.replace(short, start=start)).context_l1
            for start in ("auto", "encoder", "mean")
        }
        assert torch.equal(errors["auto"], errors["encoder"])
        assert errors["auto"].mean() < 0.7 * errors["mean"].mean()

    def test_without_an_encoder_it_begins_at_the_mean(self, space, store):
        context = tasks.everything(store[0])
        short = dataclasses.replace(GUESS, max_steps=2)
        auto = invert(space, [context], short)
        mean = invert(space, [context], dataclasses.replace(short, start="mean"))
        assert torch.equal(auto.latents, mean.latents)

    @pytest.mark.parametrize("changes", [{"start": "encoder"}, {"max_steps": 0}])
    def test_an_encoder_that_is_not_there(self, space, store, changes):
        config = dataclasses.replace(GUESS, max_steps=5)
        with pytest.raises(UserError, match="expected a space with an encoder"):
            invert(space, [tasks.everything(store[0])], dataclasses.replace(config, **changes))

    def test_too_little_to_guess_from(self, space, store):
        train_encoder(space, store, training(3), progress=False)
        contexts = [tasks.everything(store[0]), tasks.inpainting(store[0])]
        with pytest.raises(UserError, match="at least 1 step"):
            invert(space, contexts, GUESS)
        assert invert(space, contexts, dataclasses.replace(GUESS, max_steps=1)).steps == 1

    def test_several_samples_still_differ(self, space, store):
        train_encoder(space, store, training(3), progress=False)
        config = dataclasses.replace(GUESS, max_steps=1, samples=3)
        latents = invert(space, [tasks.everything(store[0])], config).latents
        assert len(latents) == 3
        assert (latents[0] - latents[1]).norm() > 0.1

    @pytest.mark.parametrize("changes", [{"start": "mean"}, {"samples": 2}])
    def test_no_steps_from_anywhere_else(self, changes):
        with pytest.raises(UserError, match="max_steps"):
            InversionConfig(max_steps=0, **changes)

    def test_fewer_steps_than_none(self):
        with pytest.raises(UserError, match="expected max_steps of at least 0, got -1"):
            InversionConfig(max_steps=-1)
