import importlib
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from videospace.inrv.inversion import tasks
from videospace.metrics.fidelity import moving_pixels, psnr_db, ssim
from videospace.metrics.task_fidelity import (
    TaskFidelity,
    context_l1,
    ssim_of_regions,
    task_fidelity,
    unobserved_pixels,
)
from videospace.runtime.errors import UserError

fidelity_module = importlib.import_module("videospace.metrics.fidelity")
task_fidelity_module = importlib.import_module("videospace.metrics.task_fidelity")


def noise(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (*shape, 3), generator=generator, dtype=torch.uint8)


def context_of(videos: Tensor, task: tasks.Task) -> tuple[Tensor, Tensor]:
    contexts = [tasks.PUBLISHED_TASKS[task](video.numpy()) for video in videos]
    return (
        torch.from_numpy(np.stack([context.video for context in contexts])),
        torch.from_numpy(np.stack([context.observed for context in contexts])),
    )


def everything(videos: Tensor) -> Tensor:
    return torch.ones(videos.shape[:-1], dtype=torch.bool)


class TestContextL1:
    @pytest.mark.parametrize(("offset", "expected"), [(0, 0), (1, 100 / 255), (51, 20), (255, 100)])
    def test_a_constant_offset_has_a_known_error(self, offset, expected):
        black = torch.zeros(2, 3, 4, 5, 3, dtype=torch.uint8)
        errors = context_l1(black + offset, black, everything(black))
        assert errors.tolist() == pytest.approx([expected] * 2, rel=1e-6)

    def test_it_is_the_mean_absolute_difference_of_what_is_seen(self):
        video, truth = noise(3, 2, 5, 4), noise(3, 2, 5, 4, seed=1)
        observed = noise(3, 2, 5, 4, seed=2)[..., 0] > 100
        expected = [
            np.abs(v.astype(float) - t.astype(float))[seen].mean() / 2.55
            for v, t, seen in zip(video.numpy(), truth.numpy(), observed.numpy(), strict=True)
        ]
        assert context_l1(video, truth, observed).tolist() == pytest.approx(expected, rel=1e-6)

    def test_what_is_not_seen_does_not_count(self):
        truth = noise(1, 4, 6, 6)
        video, observed = truth.clone(), everything(truth)
        observed[:, 2:] = False
        video[:, 2:] ^= 255
        assert context_l1(video, truth, observed).item() == 0
        assert context_l1(video, truth, ~observed).item() > 0

    def test_nothing_seen_is_no_number(self):
        truth = noise(2, 2, 4, 4)
        observed = everything(truth)
        observed[1] = False
        errors = context_l1(truth, truth, observed)
        assert errors[0] == 0
        assert math.isnan(errors[1])

    @settings(max_examples=25, deadline=None)
    @given(
        seed=st.integers(0, 1000),
        size=st.tuples(st.integers(1, 13), st.integers(1, 13)),
        factor=st.integers(1, 5),
    )
    def test_a_clip_fits_the_coarse_context_made_of_it(self, seed, size, factor):
        truth = noise(1, 2, *size, seed=seed)
        coarse = torch.from_numpy(tasks.downsample(truth[0].numpy(), factor))[None]
        assert context_l1(truth, coarse, everything(coarse)).item() == 0

    def test_a_coarse_context_meets_the_means_of_the_pixels_it_covers(self):
        video = torch.zeros(1, 1, 2, 4, 3, dtype=torch.uint8)
        video[..., 0, 0, :] = 204
        coarse = torch.zeros(1, 1, 1, 2, 3, dtype=torch.uint8)
        assert context_l1(video, coarse, everything(coarse)).item() == pytest.approx(10)
        left = torch.tensor([True, False]).view(1, 1, 1, 2)
        assert context_l1(video, coarse, left).item() == pytest.approx(20)

    def test_small_blocks_change_nothing(self, monkeypatch):
        video, truth = noise(2, 7, 8, 8), noise(2, 7, 8, 8, seed=1)
        observed = noise(2, 7, 8, 8, seed=2)[..., 0] > 100
        coarse = noise(2, 7, 2, 4, seed=3)
        whole = context_l1(video, truth, observed), context_l1(video, coarse, everything(coarse))
        monkeypatch.setattr(fidelity_module, "_BLOCK_VALUES", 2 * 8 * 8 * 3)
        assert torch.equal(context_l1(video, truth, observed), whole[0])
        assert torch.equal(context_l1(video, coarse, everything(coarse)), whole[1])

    def test_memory_is_bounded_by_the_block(self):
        """No operation allocates nearly as much as one clip would take as float."""
        video, truth = noise(1, 120, 96, 96), noise(1, 120, 96, 96, seed=1)
        observed = everything(truth)
        with torch.profiler.profile(profile_memory=True) as profile:
            context_l1(video, truth, observed)
        largest = max(event.self_cpu_memory_usage for event in profile.events())
        block_bytes = 4 * fidelity_module._BLOCK_VALUES
        assert block_bytes / 2 < largest <= 2 * block_bytes
        assert 4 * video.numel() > 3 * block_bytes


class TestUnseenPixels:
    def test_at_the_same_size_it_is_the_rest(self):
        observed = noise(2, 3, 5, 4)[..., 0] > 100
        assert torch.equal(unobserved_pixels(observed, (5, 4)), ~observed)

    def test_a_coarse_pixel_shows_those_that_it_covers(self):
        observed = noise(1, 2, 3, 2)[..., 0] > 100
        fine = observed.repeat_interleave(4, 2).repeat_interleave(5, 3)
        assert torch.equal(unobserved_pixels(observed, (12, 10)), ~fine)

    def test_sizes_that_do_not_divide_go_by_the_center(self):
        observed = torch.tensor([False, True]).view(1, 1, 1, 2)
        assert unobserved_pixels(observed, (1, 5))[0, 0, 0].tolist() == [
            True,
            True,
            False,
            False,
            False,
        ]

    def test_superresolution_hides_nothing(self):
        coarse, observed = context_of(noise(1, 2, 8, 8), "upscale")
        assert coarse.shape == (1, 2, 2, 2, 3)
        assert not unobserved_pixels(observed, (8, 8)).any()


class TestSsimOfRegions:
    def test_all_pixels_together_are_the_usual_figure(self):
        video, truth = noise(2, 3, 14, 17), noise(2, 3, 14, 17, seed=1)
        (found,) = ssim_of_regions(video, truth, [everything(truth)])
        assert found.tolist() == pytest.approx(ssim(video, truth).tolist(), abs=1e-6)

    def test_a_window_counts_for_its_central_pixel(self):
        video, truth = noise(1, 1, 15, 18), noise(1, 1, 15, 18, seed=1)
        (similarities,) = fidelity_module.ssim_map(video[0].float(), truth[0].float()).mean(-1)
        for row, column in ((5, 5), (9, 12), (7, 6)):
            region = ~everything(truth)
            region[0, 0, row, column] = True
            found = ssim_of_regions(video, truth, [region]).item()
            assert found == pytest.approx(similarities[row - 5, column - 5].item(), abs=1e-6)

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 1000), size=st.tuples(st.integers(1, 16), st.integers(1, 16)))
    def test_the_whole_is_the_weighted_mean_of_two_parts(self, seed, size):
        video, truth = noise(1, 2, *size, seed=seed), noise(1, 2, *size, seed=seed + 1)
        part = noise(1, 2, *size, seed=seed + 2)[..., 0] > 100
        whole, *parts = ssim_of_regions(video, truth, [everything(truth), part, ~part])[:, 0]
        rows, columns = ((min(10, side - 1) // 2, max(1, side - 10)) for side in size)
        inside = part[0, :, rows[0] : sum(rows), columns[0] : sum(columns)]
        shares = inside.float().mean(), 1 - inside.float().mean()
        mixed = sum(float(s * p) for s, p in zip(shares, parts, strict=True) if s > 0)
        assert mixed == pytest.approx(whole.item(), abs=1e-5)
        assert [math.isnan(p) for p in parts] == [s == 0 for s in shares]

    def test_regions_without_a_window_have_no_figure(self):
        truth = noise(2, 1, 20, 20)
        edge = ~everything(truth)
        edge[:, :, :5] = True
        edge[1, 0, 5, 5] = True
        assert ssim_of_regions(truth, truth, [edge])[0].tolist() == [
            pytest.approx(math.nan, nan_ok=True),
            pytest.approx(1),
        ]

    def test_small_blocks_change_next_to_nothing(self, monkeypatch):
        video, truth = noise(1, 7, 12, 12), noise(1, 7, 12, 12, seed=1)
        region = noise(1, 7, 12, 12, seed=2)[..., 0] > 100
        whole = ssim_of_regions(video, truth, [region, ~region]).tolist()
        monkeypatch.setattr(fidelity_module, "_BLOCK_VALUES", 2 * 12 * 12 * 3)
        blocks = ssim_of_regions(video, truth, [region, ~region]).tolist()
        assert blocks == [pytest.approx(values, abs=1e-6) for values in whole]


class TestTaskFidelity:
    @pytest.mark.parametrize("task", list(tasks.PUBLISHED_TASKS))
    def test_the_truth_is_perfect_in_every_task(self, task):
        truth = noise(2, 5, 12, 12)
        scores = task_fidelity(truth, truth, *context_of(truth, task))
        means = scores.means()
        assert means["psnr_db"] == means["psnr_moving_db"] == 100
        assert means["ssim"] == means["ssim_moving"] == pytest.approx(1)
        assert means["context_l1"] == 0
        all_seen = task in ("invert", "upscale")
        assert means["psnr_unobserved_db"] == (None if all_seen else 100)
        assert means["psnr_unobserved_moving_db"] == (None if all_seen else 100)
        assert means["ssim_unobserved"] == (None if all_seen else pytest.approx(1))
        assert means["ssim_unobserved_moving"] == (None if all_seen else pytest.approx(1))

    def test_every_figure_is_the_one_that_it_is_called(self):
        truth = noise(2, 5, 24, 24) // 2
        truth[:, :, :, :10] = 30
        video = (truth + noise(2, 5, 24, 24, seed=1) // 9).to(torch.uint8)
        context_video, observed = context_of(truth, "inpaint")
        scores = task_fidelity(video, truth, context_video, observed)
        moving = moving_pixels(truth)
        assert 0 < moving.float().mean() < 1
        masks = everything(truth), moving, ~observed, ~observed & moving
        similarities = ssim_of_regions(video, truth, masks)
        for name, mask, similarity in zip(
            ("", "_moving", "_unobserved", "_unobserved_moving"), masks, similarities, strict=True
        ):
            assert torch.equal(getattr(scores, f"psnr{name}_db"), psnr_db(video, truth, mask))
            assert torch.equal(getattr(scores, f"ssim{name}"), similarity)
        assert torch.equal(scores.psnr_db, psnr_db(video, truth))
        assert scores.ssim.tolist() == pytest.approx(ssim(video, truth).tolist(), abs=1e-6)
        assert torch.equal(scores.context_l1, context_l1(video, context_video, observed))
        seen_moving = context_l1(video, context_video, observed & moving)
        assert torch.equal(scores.context_l1_moving, seen_moving)
        values = [value[0].item() for value in scores.per_clip().values()]
        assert len(set(values)) == len(values) == 10

    def test_what_moves_in_a_coarse_context_moves_in_the_coarse_truth(self):
        truth = torch.zeros(1, 2, 8, 8, 3, dtype=torch.uint8)
        truth[:, 1, :4, :4] = 255  # one coarse pixel moves
        truth[:, 1, :4, 4] = 255
        truth[:, 0, :4, 5] = 255  # what moves within a coarse pixel does not move it
        context_video, observed = context_of(truth, "upscale")
        video = truth.clone()
        video[:, :, :4, :4] ^= 51  # by a fifth of the scale, in the coarse pixel that moves
        scores = task_fidelity(video, truth, context_video, observed)
        assert context_video.shape == (1, 2, 2, 2, 3)
        assert scores.context_l1_moving.item() == pytest.approx(20)
        assert scores.context_l1.item() == pytest.approx(5)

    def test_an_error_in_the_unobserved_part_shows_there_alone(self):
        truth = torch.full((1, 2, 12, 12, 3), 100, dtype=torch.uint8)
        context_video, observed = context_of(truth, "inpaint")
        video = truth.clone()
        video[:, :, 6:] += 51
        scores = task_fidelity(video, truth, context_video, observed)
        assert scores.context_l1.item() == 0
        assert scores.psnr_unobserved_db.item() == pytest.approx(20 * math.log10(5), abs=1e-4)
        assert scores.psnr_db.item() == pytest.approx(10 * math.log10(50), abs=1e-4)
        assert scores.means()["psnr_unobserved_moving_db"] is None

    def test_per_clip_limits_decibels_only(self):
        values = torch.tensor([math.inf, 30.0, math.nan])
        scores = TaskFidelity(
            psnr_db=values,
            psnr_moving_db=values,
            psnr_unobserved_db=torch.full((3,), math.nan),
            psnr_unobserved_moving_db=torch.full((3,), math.inf),
            ssim=torch.tensor([0.5, 1.0, 0.75]),
            ssim_moving=torch.tensor([0.5, math.nan, 0.75]),
            ssim_unobserved=torch.full((3,), math.nan),
            ssim_unobserved_moving=torch.full((3,), math.nan),
            context_l1=torch.tensor([150.0, 0.0, 0.0]),
            context_l1_moving=torch.tensor([150.0, 50.0, math.nan]),
        )
        assert scores.per_clip()["psnr_db"][:2].tolist() == [100, 30]
        assert math.isnan(scores.per_clip()["psnr_db"][2])
        assert scores.means() == {
            "psnr_db": 65,
            "psnr_moving_db": 65,
            "psnr_unobserved_db": None,
            "psnr_unobserved_moving_db": 100,
            "ssim": 0.75,
            "ssim_moving": 0.625,
            "ssim_unobserved": None,
            "ssim_unobserved_moving": None,
            "context_l1": 50,
            "context_l1_moving": 100,
        }


class TestBadInput:
    def test_a_context_of_another_length(self):
        truth = noise(1, 4, 6, 6)
        short = truth[:, :2]
        with pytest.raises(UserError, match="got 1 of 2"):
            context_l1(truth, short, everything(short))

    @pytest.mark.parametrize("shape", [(7, 6), (6, 7)])
    def test_a_context_finer_than_the_video(self, shape):
        video, context_video = noise(1, 2, 6, 6), noise(1, 2, *shape)
        with pytest.raises(UserError, match="no finer"):
            task_fidelity(video, video, context_video, everything(context_video))

    def test_a_mask_of_another_shape(self):
        video = noise(1, 2, 6, 6)
        with pytest.raises(UserError, match=r"shape \(1, 2, 6, 6\), got \(1, 2, 6, 5\)"):
            task_fidelity_module._require_context(video, video, everything(video)[..., :5])
