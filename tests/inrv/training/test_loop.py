import dataclasses
import math
import os
import signal
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.semantic.frame_encoders import ComponentFrameEncoder
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training import data as training_data
from videospace.inrv.training import state as training_state
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import BatchConfig, OptimizerConfig, TrainingConfig
from videospace.inrv.training.curriculum import stage_sizes
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.loop import TrainingOptions, TrainingReport, snapshot, train
from videospace.runtime.errors import UserError
from videospace.runtime.log import read_metrics

QUIET = TrainingOptions(progress=False, log_every=1)


def run(store, out, config, on_step=None, **options):
    return train(store, out, config, dataclasses.replace(QUIET, **options), on_step)


def weights_and_codes(folder):
    space = VideoSpace.from_pretrained(folder)
    return torch.cat([v.flatten() for v in space.model.state_dict().values()]), space.latents


class TestLearning:
    @pytest.mark.parametrize("kind", ["dense", "low-rank", "scale-shift"])
    def test_the_loss_falls(self, store, tmp_path, make_config, make_model, kind):
        hypernetwork = HypernetworkConfig(kind=kind, hidden_width=8, rank=2)
        config = make_config(150, model=make_model(hypernetwork=hypernetwork))
        report = run(store, tmp_path / "space", config)
        psnr_db = [record["psnr_db"] for record in read_metrics(tmp_path / "space")]
        assert report.finished
        assert report.psnr_db == pytest.approx(psnr_db[-1])
        assert psnr_db[-1] > psnr_db[0] + 3

    def test_the_space_shows_the_clips(self, store, tmp_path, make_config):
        config = make_config(300, code_init=CodeInitConfig(method="pca"))
        run(store, tmp_path / "space", config)
        space = VideoSpace.from_pretrained(tmp_path / "space")
        videos, clips = space.render(space.latents).astype(float), store.frames(range(5))
        errors = np.abs(videos[:, None] - clips[None]).mean(axis=(2, 3, 4, 5))
        assert errors.argmin(axis=1).tolist() == [0, 1, 2, 3, 4]
        assert errors.diagonal().max() < 40

    @pytest.mark.parametrize("loss", ["squared", "absolute"])
    @pytest.mark.parametrize("points_per_clip", [16, None])
    def test_both_losses_on_points_and_on_the_whole_grid(
        self, store, tmp_path, make_config, loss, points_per_clip
    ):
        num_points = 2 * (points_per_clip or 192)
        errors = []
        for num_steps in (1, 120):
            config = make_config(
                loss=loss,
                batch=BatchConfig(num_clips=2, points_per_clip=points_per_clip),
                optimizer=OptimizerConfig(
                    learning_rate=1e-2,
                    warmup_steps=0,
                    average_decay=0.0,
                    second_moment_decay=0.999,
                    max_gradient_ratio=None,
                ),
                total_points=float(num_steps * num_points),
            )
            report = run(store, tmp_path / str(num_steps), config)
            assert (report.step, report.points) == (num_steps, num_steps * num_points)
            space = VideoSpace.from_pretrained(tmp_path / str(num_steps))
            difference = space.render(space.latents).astype(float) - store.frames(range(5))
            errors.append(np.abs(difference).mean())
        assert errors[1] < 0.7 * errors[0]

    def test_the_gaussian_regularizer_pulls_latents_towards_a_standard_normal(
        self, store, tmp_path, make_config
    ):
        distances = []
        for weight in (0.0, 1.0):
            config = make_config(
                150,
                seed=3,
                gaussian_weight=weight,
                code_init=CodeInitConfig(method="gaussian", deviation=0.1),
                optimizer=OptimizerConfig(code_learning_rate=0.05, warmup_steps=0),
            )
            run(store, tmp_path / str(weight), config)
            latents = weights_and_codes(tmp_path / str(weight))[1]
            deviation = latents.std(dim=0, unbiased=False)
            distances.append((latents.mean(dim=0).abs() + (deviation - 1).abs()).mean().item())
        assert distances[1] < 0.25 * distances[0]


class TestPrecision:
    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_either_learns_and_keeps_its_weights_in_float32(
        self, store, tmp_path, make_config, precision
    ):
        states = []
        run(store, tmp_path / "space", make_config(120, precision=precision, seed=3), states.append)
        psnr_db = [record["psnr_db"] for record in read_metrics(tmp_path / "space")]
        assert psnr_db[-1] > psnr_db[0] + 2
        assert all(tensor.dtype == torch.float32 for tensor in states[-1].model.parameters())
        assert states[-1].progress.precision == precision

    def test_a_run_goes_on_in_the_precision_it_began_with(
        self, store, tmp_path, make_config, monkeypatch
    ):
        """Where it goes on may be another processor, whose own choice would be another."""
        config, seen = make_config(precision="auto"), []

        def stop(state):
            if state.progress.step == 3:
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(training_state, "choose_precision", lambda *_: "bfloat16")
        run(store, tmp_path / "space", config, stop)
        monkeypatch.setattr(training_state, "choose_precision", lambda *_: "float32")
        run(store, tmp_path / "space", config, lambda state: seen.append(state.progress.precision))
        assert set(seen) == {"bfloat16"}


class TestReproducibility:
    def test_the_same_seed_gives_the_same_bits(self, store, tmp_path, make_config):
        results = []
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            run(store, tmp_path / name, make_config(seed=seed))
            results.append(weights_and_codes(tmp_path / name))
        for first, same, other in zip(*results, strict=True):
            assert torch.equal(first, same)
            assert not torch.equal(first, other)

    def test_the_programs_own_chance_does_not_matter(self, store, tmp_path, semantic_config):
        results = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            run(store, tmp_path / str(seed), semantic_config, on_step=lambda _: torch.rand(3))
            results.append(weights_and_codes(tmp_path / str(seed)))
        assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))

    def test_options_change_nothing_that_is_computed(self, store, tmp_path, make_config):
        plain = run(store, tmp_path / "a", make_config())
        busy = run(store, tmp_path / "b", make_config(), log_every=7, checkpoint_seconds=-1.0)
        assert (plain.step, plain.points) == (busy.step, busy.points) == (24, 24 * 48)
        results = [weights_and_codes(tmp_path / name) for name in "ab"]
        assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))

    def test_clips_on_the_disk_train_like_clips_in_memory(
        self, store, tmp_path, make_config, monkeypatch
    ):
        run(store, tmp_path / "a", make_config())
        monkeypatch.setattr(training_data, "RESIDENT_BYTES", 0)
        run(store.folder, str(tmp_path / "b"), make_config())
        results = [weights_and_codes(tmp_path / name) for name in "ab"]
        assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))

    def test_held_out_clips_take_no_part(self, tmp_path, make_store, make_config):
        store = make_store(tmp_path / "store", num_clips=6, holdout=2)
        run(store, tmp_path / "space", make_config())
        assert VideoSpace.from_pretrained(tmp_path / "space").ids == [f"toy-{n}" for n in range(4)]


class TestCurriculum:
    def test_stages_follow_each_other_and_carry_codes(self, tmp_path, make_store, make_config):
        store = make_store(tmp_path / "store", num_clips=12)
        seen = []

        def watch(state):
            seen.append((state.progress.stage, state.codes.clone()))

        config = make_config(40, curriculum=True, curriculum_threshold=1e-9)
        run(store, tmp_path / "slow", config, watch)
        assert {stage for stage, _ in seen} == {0}
        moved = (seen[-1][1] != seen[0][1]).any(dim=1)
        assert moved.sum() == 1

        seen.clear()
        run(
            store, tmp_path / "quick", dataclasses.replace(config, curriculum_threshold=99.0), watch
        )
        assert [stage for stage, _ in seen[:4]] == [1, 2, 2, 2]
        assert stage_sizes(12) == [1, 10, 12]
        start = torch.stack([codes for _, codes in seen])
        changed = (start.diff(dim=0) != 0).any(dim=2)  # (step, clip)
        first_stage, second_stage = changed[0], changed[1:]
        assert first_stage.sum() == 3  # step 1 draws a batch from the ten of its stage
        assert second_stage.any(dim=0).all()

    def test_a_stage_starts_where_the_one_before_it_ended(self, tmp_path, make_store, make_config):
        store = make_store(tmp_path / "store", num_clips=12)
        states = []
        config = make_config(60, curriculum=True, curriculum_threshold=0.2)
        config = dataclasses.replace(
            config, optimizer=OptimizerConfig(warmup_steps=0, schedule="constant")
        )
        run(
            store,
            tmp_path / "space",
            config,
            lambda state: states.append(
                (state.progress.stage, state.progress.stage_step, state.codes.clone())
            ),
        )
        stages = [stage for stage, _, _ in states]
        assert stages == sorted(stages)
        assert max(stages) >= 1
        change = stages.index(1)
        assert change >= 1
        before, after = states[change - 1][2], states[change][2]
        # one step moves a code by no more than its learning rate: nothing was drawn anew
        assert (after - before).abs().max() <= 1.01 * config.optimizer.code_learning_rate
        assert (states[change][2] != states[0][2]).any(dim=1).sum() <= 1

    def test_the_number_of_clips_is_logged(self, tmp_path, make_store, make_config):
        store = make_store(tmp_path / "store", num_clips=12)
        run(store, tmp_path / "s", make_config(6, curriculum=True, curriculum_threshold=99.0))
        assert [r["num_clips"] for r in read_metrics(tmp_path / "s")[:4]] == [1, 10, 12, 12]


class TestSemantic:
    def test_frames_are_encoded_once(self, store, tmp_path, semantic_config, monkeypatch):
        encode, calls = ComponentFrameEncoder.encode, []

        def counted(self, frames):
            calls.append(len(frames))
            return encode(self, frames)

        monkeypatch.setattr(ComponentFrameEncoder, "encode", counted)
        run(store, tmp_path / "a", semantic_config)
        assert sum(calls) == 5 * 4
        run(store, tmp_path / "b", semantic_config)
        assert sum(calls) == 5 * 4
        assert len(list((store.folder / "features").iterdir())) == 1

    def test_saved_latents_are_mixed_from_code_and_frames_without_dropout(
        self, store, tmp_path, semantic_config
    ):
        states = []
        run(store, tmp_path / "space", semantic_config, states.append)
        space = VideoSpace.from_pretrained(tmp_path / "space")
        assert space.latents.shape == (5, 6)
        assert states[-1].codes.shape == (5, 5)
        [path] = (store.folder / "features").iterdir()
        from safetensors.torch import load_file

        cached = load_file(path)
        features = torch.stack([cached[clip_id] for clip_id in space.ids]).float()
        features = torch.nn.functional.pad(features, (0, 24 - features.shape[2]))
        expected = space.model.latents(states[-1].codes, features)
        torch.testing.assert_close(space.latents, expected)

    def test_a_width_that_is_too_small_says_which_one_it_takes(
        self, store, tmp_path, semantic_config
    ):
        latent = semantic_config.model.latent
        narrow = dataclasses.replace(latent.video_clip, feature_width=3)
        latent = dataclasses.replace(latent, video_clip=narrow)
        model = dataclasses.replace(semantic_config.model, latent=latent)
        config = dataclasses.replace(semantic_config, model=model)
        with pytest.raises(UserError, match=r"got (\d+): set .*feature-width \1"):
            run(store, tmp_path / "space", config)


class TestSnapshot:
    def test_it_is_what_is_saved(self, store, tmp_path, make_config):
        states = []
        run(store, tmp_path / "space", make_config(), states.append)
        clips = TrainingClips(store, store.rows("train"), torch.device("cpu"))
        space = snapshot(states[-1], clips)
        opened = VideoSpace.from_pretrained(tmp_path / "space")
        assert space.fingerprint() == opened.fingerprint()
        assert torch.equal(space.latents, opened.latents)
        assert opened.clip == space.clip
        assert (opened.clip.num_frames, opened.clip.height, opened.clip.width) == (4, 6, 8)
        assert opened.clip.fps == 12.5

    @pytest.mark.parametrize("average_decay", [0.0, 0.9])
    def test_weights_are_averaged_where_that_is_asked_for(
        self, store, tmp_path, make_config, average_decay
    ):
        optimizer = OptimizerConfig(average_decay=average_decay)
        states = []
        run(store, tmp_path / "space", make_config(optimizer=optimizer), states.append)
        state = states[-1]
        opened = VideoSpace.from_pretrained(tmp_path / "space").model.state_dict()
        expected = state.average.weights if average_decay else state.model.state_dict()
        assert all(torch.equal(opened[name], value) for name, value in expected.items())


class TestSmallest:
    @pytest.mark.parametrize("size", [(1, 6, 8), (4, 1, 1), (1, 1, 1), (4, 3, 5), (7, 5, 3)])
    @pytest.mark.parametrize("num_clips", [1, 2])
    @pytest.mark.parametrize("start", ["gaussian", "isomap"])
    def test_any_shape_and_a_single_clip(
        self, tmp_path, make_store, make_config, size, num_clips, start
    ):
        store = make_store(tmp_path / "store", num_clips, size)
        config = make_config(6, code_init=CodeInitConfig(method=start))
        run(store, tmp_path / "space", config)
        space = VideoSpace.from_pretrained(tmp_path / "space")
        assert space.render(space.latents).shape == (num_clips, *size, 3)
        assert space.render(space.latents, height=7, num_frames=2).shape[1:3] == (2, 7)
        itself = space.interpolate("toy-0", "toy-0", steps=3)
        assert space.render(itself).shape == (3, *size, 3)


class TestReport:
    def test_of_a_whole_run(self, store, tmp_path, make_config):
        report = run(store, tmp_path / "space", make_config(9))
        assert isinstance(report, TrainingReport)
        assert (report.finished, report.step, report.points) == (True, 9, 9 * 48)
        assert report.seconds > 0
        assert math.isfinite(report.psnr_db)

    def test_of_a_run_that_time_ended(self, store, tmp_path, make_config, monkeypatch):
        clock = SimpleNamespace(monotonic=count(0.0, 0.01).__next__)
        monkeypatch.setattr("videospace.inrv.training.loop.time", clock)
        report = run(store, tmp_path / "space", make_config(10**6), time_budget_seconds=0.2)
        assert report.finished
        assert report.step <= 20
        assert report.seconds == pytest.approx(0.2, abs=0.015)
        assert VideoSpace.from_pretrained(tmp_path / "space").ids == store.ids

    def test_silent_away_from_a_terminal(self, store, tmp_path, make_config, capfd):
        train(store, tmp_path / "space", make_config(3))
        assert capfd.readouterr() == ("", "")


class TestBadConfiguration:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"time_budget_seconds": 0.0}, "time_budget_seconds"),
            ({"time_budget_seconds": -5.0}, "time_budget_seconds"),
            ({"time_budget_seconds": math.nan}, "time_budget_seconds"),
            ({"log_every": 0}, "log_every"),
        ],
    )
    def test_options(self, changes, message):
        with pytest.raises(UserError, match=message):
            TrainingOptions(**changes)

    @pytest.mark.parametrize(
        ("kind", "name", "value"),
        [
            (BatchConfig, "num_clips", 0),
            (BatchConfig, "points_per_clip", 0),
            (BatchConfig, "important_fraction", 1.5),
            (TrainingConfig, "total_points", 0.0),
            (TrainingConfig, "total_points", math.nan),
            (TrainingConfig, "total_points", math.inf),
            (OptimizerConfig, "average_decay", 1.0),
            (OptimizerConfig, "learning_rate", -1e-3),
            (TrainingConfig, "gaussian_weight", -1.0),
            (TrainingConfig, "seed", -1),
            (CodeInitConfig, "num_neighbors", 0),
            (HypernetworkConfig, "rank", 0),
            (HypernetworkConfig, "hidden_width", -4),
        ],
    )
    def test_settings(self, kind, name, value):
        with pytest.raises(UserError, match=name):
            kind(**{name: value})
