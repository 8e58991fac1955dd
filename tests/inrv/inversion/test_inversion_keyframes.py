"""Inversion of latents with several keyframes."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import psnr

from videospace.inrv.inversion import inversion, tasks
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.latent_files import LatentFile, load_latents, save_latents
from videospace.inrv.space.named_latents import find_latent, find_latents
from videospace.metrics.task_fidelity import context_l1
from videospace.runtime.checkpoint import fingerprint
from videospace.runtime.errors import UserError

QUICK = InversionConfig(max_steps=120, points_per_clip=64, prior_weight=1e-6, precision="float32")
REFINE = dataclasses.replace(
    QUICK, refine="weights", refine_steps=200, refine_learning_rate=0.1, max_steps=60
)


@pytest.fixture
def space(make_space, make_model):
    """Untrained, but its clips differ from each other, and each from frame to frame."""
    hypernetwork = HypernetworkConfig(hidden_width=8, initial_difference=0.1)
    latent = LatentConfig(width=6, num_keyframes=3)
    return make_space(num_clips=12, model=make_model(latent=latent, hypernetwork=hypernetwork))


@pytest.fixture(autouse=True)
def several_frames_a_step(monkeypatch):
    monkeypatch.setattr(inversion, "POINTS_OF_A_FRAME", 16)


def unseen(space, count=1, seed=5):
    """Clips at new points of a space."""
    return space.render(space.sample(count, method="gaussian", seed=seed))


def changed(space, found, num_frames=None):
    frames = space.render_frames(
        found.latents, num_frames=num_frames, weight_offsets=found.weight_offsets
    )
    return np.stack(list(frames), axis=1)


class TestInvert:
    def test_a_point_of_the_space_is_found_again(self, space):
        clips = unseen(space, 3)
        found = invert(space, [tasks.everything(clip) for clip in clips], QUICK)
        mean_clip = space.render(space.latents.mean(dim=0))
        for video, truth in zip(space.render(found.latents), clips, strict=True):
            assert psnr(video, truth) > psnr(mean_clip, truth) + 8

    def test_a_movement_that_no_clip_shows_as_a_whole(self, space):
        """The start of one clip and the end of another, from the space of two other ones too."""
        mixed = torch.cat([space.latents[:3, :6], space.latents[3:6, 6:]], dim=1)
        truth = space.render(mixed)
        found = invert(space, [tasks.everything(clip) for clip in truth], QUICK)
        for video, clip, latent in zip(
            space.render(found.latents), truth, space.latents[:3], strict=True
        ):
            assert psnr(video, clip) > psnr(space.render(latent), clip) + 6

    @pytest.mark.parametrize("task", ["predict", "interpolate", "sparse", "upscale"])
    def test_tasks_come_nearer_to_what_is_seen_and_say_how_near(self, space, task):
        context = tasks.PUBLISHED_TASKS[task](unseen(space)[0])
        found = invert(space, [context], QUICK)
        videos = [space.render(found.latents), space.render(space.latents.mean(dim=0))[None]]
        seen = torch.from_numpy(context.video)[None], torch.from_numpy(context.observed)[None]
        ours, mean = (context_l1(torch.from_numpy(video), *seen).item() for video in videos)
        assert ours < 0.5 * mean
        assert found.context_l1.item() == pytest.approx(ours, abs=0.3)

    @pytest.mark.parametrize("num_frames", [1, 2, 9])
    def test_contexts_of_few_or_many_frames(self, space, num_frames):
        clips = space.render(space.latents[:3], num_frames=num_frames)
        found = invert(space, [tasks.everything(clip) for clip in clips], QUICK)
        videos = space.render(found.latents, num_frames=num_frames)
        mean = space.render(space.latents.mean(dim=0), num_frames=num_frames)
        for video, truth in zip(videos, clips, strict=True):
            assert psnr(video, truth) > psnr(mean, truth) + 10

    def test_frames_of_which_nothing_is_seen_are_never_looked_at(self, space):
        truth = unseen(space)[0]
        context = tasks.prediction(truth, 1)
        other = truth.copy()
        other[1:] = 255 - other[1:]
        found = [invert(space, [tasks.prediction(clip, 1)], QUICK) for clip in (truth, other)]
        assert torch.equal(found[0].latents, found[1].latents)
        assert context.observed.any(axis=(1, 2)).tolist() == [True, False, False, False]

    def test_an_error_counts_by_its_weight_in_whatever_frame_it_is(self, space):
        truth = unseen(space, seed=6)[0]
        weight = np.zeros(truth.shape[:3], np.float32)
        weight[0] = 2
        video = truth.copy()
        video[1:] = 255 - video[1:]  # does not count
        context = dataclasses.replace(tasks.everything(video), weight=weight)
        found = invert(space, [context], dataclasses.replace(QUICK, max_steps=5))
        seen = np.abs(space.render(found.latents)[0, 0].astype(float) - truth[0]).mean() / 2.55
        assert seen > 1
        assert found.context_l1.item() == pytest.approx(seen, rel=0.1)

    def test_samples_restarts_and_seeds(self, space):
        context = tasks.prediction(unseen(space)[0], 1)
        config = dataclasses.replace(QUICK, samples=3, restarts=2, max_steps=20)
        first, same, other = (
            invert(space, [context], dataclasses.replace(config, seed=seed)).latents
            for seed in (0, 0, 1)
        )
        assert first.shape == (3, 18)
        assert torch.equal(first, same)
        assert not torch.equal(first, other)
        assert torch.cdist(first, first).fill_diagonal_(torch.inf).min() > 0.1


class TestRefine:
    @pytest.fixture
    def clip(self):
        """Noise that stands still, which no latent shows."""
        frame = np.random.default_rng(0).integers(60, 190, (6, 8, 3)).astype(np.uint8)
        return np.broadcast_to(frame, (4, 6, 8, 3)).copy()

    def test_refined_weights_hold_what_no_latent_does_at_all_times(self, space, clip):
        found = invert(space, [tasks.everything(clip)], REFINE)
        plain = space.render(found.latents)[0]
        refined = changed(space, found)[0]
        for time in range(4):
            assert psnr(refined[time], clip[time]) > psnr(plain[time], clip[time]) + 1
        between = changed(space, found, num_frames=7)[0]  # also where the search never looked
        assert np.abs(between[::2].astype(int) - refined).max() <= 1
        assert psnr(between[1::2], clip[:3]) > psnr(plain, clip)

    def test_the_space_is_left_as_it_is(self, space, clip):
        before, latents = fingerprint(space.model.state_dict()), space.latents.clone()
        invert(space, [tasks.everything(clip)], dataclasses.replace(REFINE, refine_steps=5))
        assert fingerprint(space.model.state_dict()) == before
        assert torch.equal(space.latents, latents)
        assert all(parameter.grad is None for parameter in space.model.parameters())

    def test_what_is_reported_is_what_the_refined_video_misses(self, space, clip):
        found = invert(space, [tasks.everything(clip)] * 2, REFINE)
        missed = np.abs(changed(space, found).astype(float) - clip).mean(axis=(1, 2, 3, 4)) / 2.55
        assert found.context_l1.tolist() == pytest.approx(missed.tolist(), abs=0.3)


class TestFiles:
    @pytest.fixture
    def path(self, space, tmp_path):
        """Two clips that were refined."""
        contexts = [tasks.everything(clip) for clip in unseen(space, 2)]
        found = invert(space, contexts, dataclasses.replace(REFINE, max_steps=5, refine_steps=5))
        content = LatentFile(
            latents=found.latents, names=["x", "y"], weight_offsets=found.weight_offsets
        )
        save_latents(tmp_path / "two.npz", content, space)
        return str(tmp_path / "two.npz")

    def test_latents_and_changes_come_back(self, space, path):
        content = load_latents(path, space)
        assert content.latents.shape == (2, 18)
        assert [len(layer.weight) for layer in content.weight_offsets] == [2] * len(
            content.weight_offsets
        )
        assert torch.equal(find_latent(space, f"{path}:y"), content.latents[1])

    def test_changes_stay_with_their_clip_at_all_times(self, space, path):
        content, found = load_latents(path, space), find_latents(space, ["toy-0", f"{path}:y"])
        assert not any(part[0].any() for layer in found.weight_offsets for part in layer)
        videos = changed(space, found, num_frames=7)
        expected = [space.render(space.latents[:1], num_frames=7)[0]]
        expected.append(changed(space, content, num_frames=7)[1])
        assert np.abs(videos.astype(int) - np.stack(expected)).max() <= 1

    def test_a_latent_of_one_keyframe_does_not_fit(self, space, tmp_path):
        content = LatentFile(latents=torch.zeros(1, 6), names=["x"])
        with pytest.raises(UserError, match="expected latents"):
            save_latents(tmp_path / "a.npz", content, space)


class TestNewPoints:
    @pytest.mark.parametrize("method", ["slerp", "lerp", "gaussian"])
    def test_samples_have_all_keyframes(self, space, method):
        latents = space.sample(5, method=method)
        assert latents.shape == (5, 18)
        assert space.render(latents, height=3, num_frames=5).shape == (5, 5, 3, 4, 3)

    def test_from_clip_to_clip_every_keyframe_goes_its_own_way(self, space):
        points = space.interpolate("toy-1", "toy-3", steps=5, path="lerp")
        assert torch.equal(points[[0, -1]], space.latents[[1, 3]])
        halves = space.latents[[1, 3]].view(2, 3, 6).mean(dim=0)
        torch.testing.assert_close(points[2].view(3, 6), halves)

    def test_half_way_the_arc_and_the_line_show_the_same(self, space):
        start, end = torch.nn.functional.normalize(space.latents[:2], dim=1)
        videos = [
            space.render(space.interpolate(start, end, steps=3, path=path)[1]).astype(int)
            for path in ("lerp", "slerp")
        ]
        assert np.abs(videos[0] - videos[1]).max() <= 1

    def test_latents_of_one_keyframe(self, space):
        with pytest.raises(UserError, match="expected latents of 18"):
            space.render(torch.zeros(2, 6))
