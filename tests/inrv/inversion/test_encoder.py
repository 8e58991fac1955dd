import dataclasses
import json
import time
from itertools import count

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import psnr

from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.encoder_guess import (
    can_guess,
    encodable_frames,
    frames_to_encode,
    guess_coordinates,
)
from videospace.inrv.inversion.encoder_training import EncoderTrainingConfig, train_encoder
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder, small_frames
from videospace.inrv.model.latents import LatentConfig, keyframe_weights
from videospace.inrv.space.files import ENCODER_FILE, RENAMED_ENCODER_MODULES
from videospace.inrv.space.latent_prior import LatentPrior
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.data import TrainingClips
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError
from videospace.runtime.renamed import with_renamed_modules

SMALL = EncoderConfig(side=8, num_channels=8, hidden_width=16)
GUESS = InversionConfig(max_steps=0, precision="float32")


def training(seconds: float, **changes) -> EncoderTrainingConfig:
    settings = {"frames_per_step": 32, "points_per_frame": 24, "stretch": 0.0, "shift": 0.0}
    return EncoderTrainingConfig(
        budget_seconds=seconds, learning_rate=1e-2, encoder=SMALL, **{**settings, **changes}
    )


@pytest.fixture(params=["one keyframe", "three keyframes"])
def space(request, make_space, make_model, keyframes_model):
    """Untrained, but its clips differ from each other."""
    latent = LatentConfig(width=6) if request.param == "one keyframe" else keyframes_model.latent
    hypernetwork = dataclasses.replace(keyframes_model.hypernetwork, initial_difference=0.1)
    return make_space(num_clips=8, model=make_model(latent=latent, hypernetwork=hypernetwork))


@pytest.fixture
def store(space, make_store, tmp_path):
    """The clips of the space as it renders them, and one that it does not know."""
    clips = space.render(torch.cat([space.latents, space.latents[:1]]))
    return make_store(tmp_path / "store", num_clips=9, clips=clips)


class TestTraining:
    def test_guesses_come_nearer_to_the_clips_than_the_mean(self, space, store):
        report = train_encoder(space, store, training(5.0), progress=False)
        truth = store.frames(store.rows("train")[:8])
        found = invert(space, [tasks.everything(clip) for clip in truth], GUESS)
        mean = space.render(space.latents.mean(dim=0, keepdim=True))
        assert psnr(space.render(found.latents), truth) > psnr(mean, truth) + 3
        assert found.steps == 0
        assert report.steps > 10
        assert report.psnr_db > psnr(mean, truth)

    def test_the_space_itself_stays_as_it_is(self, space, store):
        before, latents = space.fingerprint(), space.latents.clone()
        train_encoder(space, store, training(0.05), progress=False)
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
        train_encoder(space, store, training(0.05), progress=False)
        assert rows == list(range(8))

    def test_an_interrupt_leaves_the_old_encoder(self, space, store, monkeypatch):
        train_encoder(space, store, training(0.05), progress=False)
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
            train_encoder(space, store, training(5.0), progress=False)
        assert space.encoder is before

    def test_the_time_is_kept(self, space, store):
        started = time.monotonic()
        report = train_encoder(space, store, training(0.4), progress=False)
        assert 0.4 <= report.seconds < 2
        assert time.monotonic() - started < 4

    def test_a_single_clip_of_one_frame(self, make_space, make_store, tmp_path):
        space = make_space(num_clips=1, size=(1, 6, 8))
        store = make_store(tmp_path / "one", num_clips=1, size=(1, 6, 8))
        report = train_encoder(space, store, training(0.1), progress=False)
        assert np.isfinite(report.psnr_db)

    def test_deformed_frames_train_it_too(self, space, store):
        report = train_encoder(space, store, training(0.2, stretch=0.1, shift=0.1), progress=False)
        assert np.isfinite(report.psnr_db)

    def test_a_rate_that_is_too_high_is_named(self, space, store):
        wild = dataclasses.replace(training(5.0), learning_rate=1e30)
        with pytest.raises(UserError, match=r"loss is not finite at step .* a lower learning_rate"):
            train_encoder(space, store, wild, progress=False)
        assert space.encoder is None

    def test_clips_that_the_space_does_not_know(self, space, make_store, tmp_path, store):
        space.ids = [f"other-{number}" for number in range(8)]
        with pytest.raises(UserError, match="trained on"):
            train_encoder(space, store, training(0.1), progress=False)
        other = make_store(tmp_path / "other", size=(4, 6, 6))
        with pytest.raises(UserError, match="expected clips of 4 frames of 6x8 px"):
            train_encoder(space, other, training(0.1), progress=False)

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

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"side": 20}, "expected side of 8 or a multiple of it, got 20"),
            ({"num_channels": 4}, "expected num_channels of 8 or a multiple of it, got 4"),
            ({"hidden_width": 0}, "expected hidden_width of 1 or a multiple of it, got 0"),
        ],
    )
    def test_networks_that_cannot_be(self, changes, message):
        with pytest.raises(UserError, match=message):
            EncoderConfig(**changes)


class TestNetwork:
    def test_a_frame_speaks_for_itself_where_latents_have_keyframes(self):
        encoder = LatentEncoder(SMALL, LatentConfig(width=6, num_keyframes=3))
        torch.nn.init.normal_(encoder.head[-1].weight)
        frames, times = torch.randn(1, 4, 3, 8, 8), torch.linspace(-1, 1, 4)[None]
        whole = encoder(frames, times)
        alone = encoder(frames[:, 2:3], times[:, 2:3])
        torch.testing.assert_close(whole[:, 2:3], alone)
        other_time = encoder(frames[:, 2:3], times[:, :1])
        assert (other_time - alone).abs().max() > 1e-3

    def test_the_whole_clip_speaks_where_they_have_one(self):
        encoder = LatentEncoder(SMALL, LatentConfig(width=6))
        torch.nn.init.normal_(encoder.head[-1].weight)
        frames, times = torch.randn(1, 4, 3, 8, 8), torch.linspace(-1, 1, 4)[None]
        whole = encoder(frames, times)
        assert torch.equal(whole[:, 0], whole[:, 3])
        backwards = encoder(frames.flip(1), times)
        assert (backwards - whole).abs().max() > 1e-3  # it matters what comes first

    def test_frames_are_reduced_without_aliasing(self):
        stripes = torch.tensor([-1.0, 1.0]).repeat(32).expand(1, 3, 64, 64)
        assert small_frames(stripes, 8)[..., 1:-1].abs().max() < 0.05
        assert small_frames(torch.full((2, 3, 3, 5), 0.25), 8).shape == (2, 3, 8, 8)


class TestWhatIsSeen:
    def video(self):
        return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)

    def test_whole_and_coarse_clips(self):
        for context in (tasks.everything(self.video()), tasks.everything(self.video()[:, :2, :2])):
            assert encodable_frames(context).all()
            assert frames_to_encode(context, 8).shape == (5, 3, 8, 8)

    def test_frames_of_a_beginning(self):
        context = tasks.prediction(self.video(), num_observed=2)
        assert encodable_frames(context).tolist() == [True, True, False, False, False]
        whole = frames_to_encode(tasks.everything(self.video()), 8)
        torch.testing.assert_close(frames_to_encode(context, 8)[:2], whole[:2])

    def test_no_frame_where_half_of_each_is_hidden(self):
        context = tasks.inpainting(self.video())
        assert not encodable_frames(context).any()
        several, one = (
            LatentEncoder(SMALL, LatentConfig(width=6, num_keyframes=keyframes))
            for keyframes in (3, 1)
        )
        assert not can_guess(several, context)
        beginning = tasks.prediction(self.video(), num_observed=2)
        assert can_guess(several, beginning)
        assert not can_guess(one, beginning)  # it has to see how the clip goes on

    def test_what_is_hidden_is_never_looked_at(self):
        observed = np.random.default_rng(1).random((5, 16, 16)) < 0.4
        observed[:, ::2, ::2] = True
        one, two = (
            Context(video=np.where(observed[..., None], self.video(), hidden), observed=observed)
            for hidden in (np.uint8(0), np.uint8(255))
        )
        assert encodable_frames(one).all()
        assert torch.equal(frames_to_encode(one, 8), frames_to_encode(two, 8))

    def test_holes_take_the_color_of_the_nearest_time(self):
        video = np.zeros((4, 8, 8, 3), np.uint8)
        video[:] = (255 * np.array([0, 1, 0, 0]))[:, None, None, None]
        observed = np.zeros((4, 8, 8), bool)
        observed[[0, 3]] = True
        observed[1, :4] = True
        observed[:, 7, 7] = False
        frames = frames_to_encode(Context(video=video, observed=observed), 8)
        assert frames[1, :, :4].min() > 0.99
        assert frames[1, :, 4:, :7].max() < -0.99  # the first frame is nearer than the last
        assert frames[:, :, 7, 7].std() < 1e-6  # never seen: the mean of what is
        assert -1 < frames[0, 0, 7, 7] < 0

    @pytest.mark.parametrize("num_keyframes", [1, 3])
    def test_good_guesses_are_found_again(self, num_keyframes):
        """A stand-in that knows the latents: the coordinates give them back."""
        prior = LatentPrior.of(torch.randn(60, 6 * num_keyframes), num_keyframes)
        latents = prior.latents(torch.randn(2, prior.num_directions))
        times = torch.linspace(-1, 1, 12)
        weights = keyframe_weights(times, num_keyframes)
        at_frames = torch.einsum("tm,cmw->ctw", weights, latents.unflatten(1, (num_keyframes, -1)))
        found = prior.latents(prior.coordinates_over_time(at_frames, weights))
        assert (found - latents).norm() < 0.1 * (latents - prior.mean).norm()

    def test_what_no_guess_speaks_of_goes_with_the_rest(self):
        """All clips stand still, so the first keyframe says what the others are."""
        still = torch.randn(40, 6).tile(1, 3)
        prior = LatentPrior.of(still, 3)
        latent = torch.randn(6)
        found = prior.coordinates_over_time(latent.expand(1, 1, 6), torch.tensor([[1.0, 0.0, 0.0]]))
        for keyframe in prior.latents(found)[0].unflatten(0, (3, 6)):
            assert torch.dot(keyframe, latent) / keyframe.norm() / latent.norm() > 0.95

    def test_a_context_of_which_too_little_is_seen_lies_at_the_mean(self):
        encoder = LatentEncoder(SMALL, LatentConfig(width=6, num_keyframes=3))
        prior = LatentPrior.of(torch.randn(20, 18), 3)
        contexts = [tasks.inpainting(self.video()), tasks.everything(self.video())]
        found = guess_coordinates(encoder, prior, contexts, torch.linspace(-1, 1, 5))
        assert not found[0].any()
        assert found[1].any()


class TestInversion:
    def test_the_search_begins_at_the_guess(self, space, store):
        train_encoder(space, store, training(5.0), progress=False)
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
        train_encoder(space, store, training(0.05), progress=False)
        contexts = [tasks.everything(store[0]), tasks.inpainting(store[0])]
        with pytest.raises(UserError, match="max_steps of at least 1"):
            invert(space, contexts, GUESS)
        assert invert(space, contexts, dataclasses.replace(GUESS, max_steps=1)).steps == 1

    def test_several_samples_still_differ(self, space, store):
        train_encoder(space, store, training(0.05), progress=False)
        config = dataclasses.replace(GUESS, max_steps=1, samples=3)
        latents = invert(space, [tasks.everything(store[0])], config).latents
        assert len(latents) == 3
        assert (latents[0] - latents[1]).norm() > 0.1

    @pytest.mark.parametrize("changes", [{"start": "mean"}, {"samples": 2}])
    def test_no_steps_from_anywhere_else(self, changes):
        with pytest.raises(UserError, match="max_steps 0"):
            InversionConfig(max_steps=0, **changes)

    def test_fewer_steps_than_none(self):
        with pytest.raises(UserError, match="expected max_steps of at least 0, got -1"):
            InversionConfig(max_steps=-1)


class TestFiles:
    @pytest.fixture
    def saved(self, space, store, tmp_path):
        train_encoder(space, store, training(0.05), progress=False)
        space.save_pretrained(tmp_path / "space")
        return tmp_path / "space"

    def test_every_bit_comes_back(self, space, saved):
        opened = VideoSpace.from_pretrained(saved)
        assert opened.encoder.config == SMALL
        assert not opened.encoder.training
        for name, value in space.encoder.state_dict().items():
            assert torch.equal(opened.encoder.state_dict()[name], value)

    def test_the_tensor_names_of_version_0_1(self, space, saved):
        tensors, notes = checkpoint.load_tensors(saved / ENCODER_FILE)
        first = {new: old for old, new in RENAMED_ENCODER_MODULES.items()}
        tensors = with_renamed_modules(tensors, first)
        assert {"look.0.0.weight", "gather.0.bias", "decide.2.bias"} < tensors.keys()
        checkpoint.save_tensors(saved / ENCODER_FILE, tensors, notes)
        opened = VideoSpace.from_pretrained(saved)
        for name, value in space.encoder.state_dict().items():
            assert torch.equal(opened.encoder.state_dict()[name], value)

    def test_it_goes_along_when_the_space_is_saved_elsewhere(self, saved, tmp_path):
        VideoSpace.from_pretrained(saved).save_pretrained(tmp_path / "copy")
        first, second = ((folder / ENCODER_FILE) for folder in (saved, tmp_path / "copy"))
        assert first.read_bytes() == second.read_bytes()

    def test_a_space_without_one_takes_the_old_one_away(self, space, saved):
        space.encoder = None
        space.save_pretrained(saved)
        assert not (saved / ENCODER_FILE).exists()
        assert VideoSpace.from_pretrained(saved).encoder is None

    def test_an_encoder_of_other_weights_counts_as_none(self, saved, tmp_path):
        other = VideoSpace.from_pretrained(saved)
        for weight in other.model.parameters():
            weight.mul_(1.01)
        other.encoder = None
        other.save_pretrained(tmp_path / "other")
        (tmp_path / "other" / ENCODER_FILE).write_bytes((saved / ENCODER_FILE).read_bytes())
        assert VideoSpace.from_pretrained(tmp_path / "other").encoder is None

    @pytest.mark.parametrize("share", [0.0, 0.5])
    def test_a_file_that_is_cut_short(self, saved, share):
        path = saved / ENCODER_FILE
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(UserError, match=r"encoder.safetensors' is damaged .*; or delete '"):
            VideoSpace.from_pretrained(saved)

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (None, "expected an object for .*encoder.safetensors', got None"),
            ({}, "lacks the field"),
            ({"side": 9, "num_channels": 8, "hidden_width": 16}, "multiple of it, got 9"),
            ({"side": 16, "num_channels": 8, "hidden_width": 16}, "neck.0.weight"),
        ],
    )
    def test_a_network_of_another_shape(self, saved, config, message):
        tensors, notes = checkpoint.load_tensors(saved / ENCODER_FILE)
        about = json.loads(notes["encoder"]) | {"config": config}
        checkpoint.save_tensors(saved / ENCODER_FILE, tensors, {"encoder": json.dumps(about)})
        with pytest.raises(UserError, match=message) as caught:
            VideoSpace.from_pretrained(saved)
        assert "run 'videospace encoder'" in str(caught.value)

    def test_weights_that_are_not_finite(self, saved):
        tensors, notes = checkpoint.load_tensors(saved / ENCODER_FILE)
        tensors["skip.bias"][0] = float("nan")
        checkpoint.save_tensors(saved / ENCODER_FILE, tensors, notes)
        with pytest.raises(UserError, match=r"skip\.bias holds numbers that are not finite"):
            VideoSpace.from_pretrained(saved)
