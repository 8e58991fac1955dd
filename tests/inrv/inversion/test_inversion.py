import dataclasses

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import psnr

from videospace.inrv.inversion import inversion, tasks
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.metrics.task_fidelity import context_l1
from videospace.runtime.checkpoint import fingerprint
from videospace.runtime.errors import UserError

QUICK = InversionConfig(max_steps=120, points_per_clip=64, prior_weight=1e-5, precision="float32")


@pytest.fixture
def space(make_space, make_model):
    """Untrained, but its clips differ from each other."""
    hypernetwork = HypernetworkConfig(hidden_width=8, initial_difference=0.1)
    return make_space(num_clips=12, model=make_model(hypernetwork=hypernetwork))


def unseen(space, count=1, seed=5):
    """Clips at new points of a space."""
    return space.render(space.sample(count, method="gaussian", seed=seed))


class TestInvert:
    def test_a_point_of_the_space_is_found_again(self, space):
        clips = unseen(space, 3)
        found = invert(space, [tasks.everything(clip) for clip in clips], QUICK)
        mean_clip = space.render(space.latents.mean(dim=0))
        for video, truth in zip(space.render(found.latents), clips, strict=True):
            assert psnr(video, truth) > psnr(mean_clip, truth) + 8

    @pytest.mark.parametrize("task", list(tasks.PUBLISHED_TASKS))
    def test_every_task_comes_nearer_to_what_is_seen(self, space, task):
        truth = unseen(space)[0]
        context = tasks.PUBLISHED_TASKS[task](truth)
        found = invert(space, [context], QUICK)
        videos = [space.render(found.latents), space.render(space.latents.mean(dim=0))[None]]
        seen = torch.from_numpy(context.video)[None], torch.from_numpy(context.observed)[None]
        ours, mean = (context_l1(torch.from_numpy(video), *seen).item() for video in videos)
        assert ours < 0.5 * mean
        assert found.context_l1.item() == pytest.approx(ours, abs=0.3)

    def test_a_function_is_called_after_every_step_and_may_end_the_inversion(self, space):
        calls = []
        contexts = [tasks.everything(clip) for clip in unseen(space, 17)]
        config = dataclasses.replace(QUICK, max_steps=3)
        invert(
            space, contexts, config, progress=lambda fraction, note: calls.append((fraction, note))
        )
        assert [fraction for fraction, _ in calls] == pytest.approx(
            [step / 6 for step in range(1, 7)]
        )
        assert calls[-1][1].startswith("step 6")

        def stop(fraction: float, note: str) -> None:
            calls.clear()
            raise InterruptedError(note)

        with pytest.raises(InterruptedError, match="step 1 of"):
            invert(space, contexts, config, progress=stop)
        assert calls == []

    def test_what_is_hidden_is_never_looked_at(self, space):
        truth = unseen(space)[0]
        context = tasks.inpainting(truth)
        other = np.where(context.observed[..., None], truth, 255 - truth)
        one = invert(space, [context], QUICK)
        two = invert(space, [tasks.inpainting(other)], QUICK)
        assert torch.equal(one.latents, two.latents)

    def test_the_space_is_left_as_it_is(self, space):
        before, latents = fingerprint(space.model.state_dict()), space.latents.clone()
        config = dataclasses.replace(QUICK, max_steps=5, refine="weights", refine_steps=5)
        invert(space, [tasks.everything(unseen(space)[0])], config)
        assert fingerprint(space.model.state_dict()) == before
        assert torch.equal(space.latents, latents)

    def test_the_same_seed_finds_the_same(self, space):
        context = tasks.sparse(unseen(space)[0])
        config = dataclasses.replace(QUICK, max_steps=20, restarts=2)
        again = [invert(space, [context], config).latents for _ in range(2)]
        assert torch.equal(*again)
        other = invert(space, [context], dataclasses.replace(config, seed=1)).latents
        assert not torch.equal(other, again[0])

    def test_a_stronger_prior_stays_nearer_to_the_training_clips(self, space):
        context = tasks.everything(np.full((4, 6, 8, 3), 255, np.uint8))
        distances = []
        for weight in (0.0, 1.0):
            found = invert(space, [context], dataclasses.replace(QUICK, prior_weight=weight))
            distances.append((found.latents - space.latents.mean(dim=0)).norm())
        assert distances[1] < 0.5 * distances[0]

    def test_samples_differ_where_nothing_is_seen_and_agree_where_it_is(self, space):
        hidden = np.ones((4, 6, 8), bool)
        hidden[1, 2, 3] = False
        context = tasks.everything(unseen(space)[0]).without(hidden)
        weight = InversionConfig().prior_weight
        config = dataclasses.replace(QUICK, samples=16, max_steps=200, prior_weight=weight)
        videos = space.render(invert(space, [context], config).latents).astype(float)
        assert len(videos) == 16
        spread = videos.std(axis=0).mean(axis=3)
        assert spread[1, 2, 3] < 0.4 * spread[hidden].mean()
        assert np.abs(videos[:, 1, 2, 3] - context.video[1, 2, 3]).mean() < 1

    def test_restarts_never_end_worse(self, space):
        contexts = [tasks.everything(clip) for clip in unseen(space, 4)]
        once = invert(space, contexts, QUICK).context_l1.mean()
        often = invert(space, contexts, dataclasses.replace(QUICK, restarts=4)).context_l1.mean()
        assert often < once + 0.2

    def test_restarts_escape_a_local_minimum(self, make_space, make_model):
        rough = HypernetworkConfig(hidden_width=8, initial_difference=0.3)
        space = make_space(num_clips=12, model=make_model(hypernetwork=rough))
        contexts = [tasks.everything(clip) for clip in unseen(space, 3, seed=6)]
        once = invert(space, contexts, QUICK).context_l1.max()
        often = invert(space, contexts, dataclasses.replace(QUICK, restarts=8)).context_l1.max()
        assert often < 0.5 * once

    def test_refined_weights_hold_what_no_latent_does(self, space):
        clip = np.random.default_rng(0).integers(60, 190, (4, 6, 8, 3)).astype(np.uint8)
        context = tasks.everything(clip)
        config = dataclasses.replace(
            QUICK, refine="weights", refine_steps=300, refine_learning_rate=0.1
        )
        found = invert(space, [context], config)
        frames = list(space.render_frames(found.latents, weight_offsets=found.weight_offsets))
        refined = np.stack(frames, axis=1)[0]
        assert psnr(refined, clip) > psnr(space.render(found.latents)[0], clip) + 1

    def test_batches_come_one_after_another(self, space, monkeypatch):
        monkeypatch.setattr(inversion, "ROWS_AT_ONCE_ON_CPU", 2)
        contexts = [tasks.everything(clip) for clip in unseen(space, 5)]
        config = dataclasses.replace(QUICK, max_steps=3)
        parts = []

        def run_batch(invert_batch):
            parts.append(invert_batch())
            return parts[-1]

        found = invert(space, contexts, config, run_batch=run_batch)
        assert [len(part.latents) for part in parts] == [2, 2, 1]
        assert torch.equal(found.latents, torch.cat([part.latents for part in parts]))
        whole = invert(space, contexts, dataclasses.replace(config, refine="weights"))
        assert len(whole.latents) == len(whole.weight_offsets[0].weight) == 5

    def test_a_restart_that_diverged_is_not_the_best(self, space, monkeypatch):
        def minimize_with_adam(parameters, *_):
            parameters[0].data[0] = torch.nan
            return 1

        monkeypatch.setattr(
            "videospace.inrv.inversion.inversion.minimize_with_adam", minimize_with_adam
        )
        config = dataclasses.replace(QUICK, restarts=2)
        found = invert(space, [tasks.everything(clip) for clip in unseen(space, 2)], config)
        assert found.latents.isfinite().all()

    def test_one_frame_of_one_pixel(self, make_space):
        space = make_space(size=(1, 1, 1))
        found = invert(space, [tasks.everything(np.full((1, 1, 1, 3), 9, np.uint8))], QUICK)
        assert found.latents.isfinite().all()

    @pytest.mark.parametrize(
        ("num_clips", "contexts", "message"),
        [
            (4, [], "at least one context"),
            (1, [tasks.everything(np.zeros((4, 6, 8, 3), np.uint8))], "at least 2 clips"),
        ],
    )
    def test_nothing_to_go_by(self, make_space, num_clips, contexts, message):
        with pytest.raises(UserError, match=message):
            invert(make_space(num_clips=num_clips), contexts, QUICK)

    @pytest.mark.parametrize("name", ["samples", "restarts", "points_per_clip"])
    def test_settings_below_one(self, name):
        with pytest.raises(UserError, match=name):
            InversionConfig(**{name: 0})

    def test_a_prior_that_is_no_number(self):
        with pytest.raises(UserError, match="prior_weight"):
            InversionConfig(prior_weight=float("nan"))
