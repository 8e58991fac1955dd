import importlib
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from videospace.metrics.fidelity import (
    Fidelity,
    fidelity,
    mean_squared_error,
    moving_pixels,
    psnr_db,
    root_mean_square_error,
    ssim,
)
from videospace.runtime.errors import UserError

module = importlib.import_module("videospace.metrics.fidelity")


def noise(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (*shape, 3), generator=generator, dtype=torch.uint8)


def similar(reference: Tensor, spread: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    change = torch.randint(-spread, spread + 1, reference.shape, generator=generator)
    return (reference.int() + change).clamp(0, 255).to(torch.uint8)


def plain_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Wang et al. (2004), eq. 13, window by window, in float64."""
    high, wide = min(11, x.shape[1]), min(11, x.shape[2])
    rows = np.arange(high) - (high - 1) / 2
    cols = np.arange(wide) - (wide - 1) / 2
    window = np.exp(-(rows[:, None] ** 2 + cols[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    scores = []
    for frame in range(x.shape[0]):
        for top in range(x.shape[1] - high + 1):
            for left in range(x.shape[2] - wide + 1):
                for channel in range(3):
                    at = (frame, slice(top, top + high), slice(left, left + wide), channel)
                    a, b = x[at].astype(float), y[at].astype(float)
                    mean_a, mean_b = (window * a).sum(), (window * b).sum()
                    var_a = (window * (a - mean_a) ** 2).sum()
                    var_b = (window * (b - mean_b) ** 2).sum()
                    covariance = (window * (a - mean_a) * (b - mean_b)).sum()
                    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
                    scores.append(
                        (2 * mean_a * mean_b + c1)
                        * (2 * covariance + c2)
                        / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
                    )
    return float(np.mean(scores))


def plain_psnr(x: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None) -> float:
    total, count = 0.0, 0
    for index in np.ndindex(x.shape):
        if mask is None or mask[index[:-1]]:
            total += (float(x[index]) - float(y[index])) ** 2
            count += 1
    return 10 * math.log10(255**2 / (total / count))


@pytest.mark.parametrize("offset", [1, 10, 100])
def test_constant_offset_has_known_errors(offset):
    reference = noise(2, 3, 13, 12) // 2
    video = reference + offset
    expected_db = 20 * math.log10(255 / offset)
    assert mean_squared_error(video, reference).tolist() == [offset**2] * 2
    assert root_mean_square_error(video, reference).tolist() == [offset] * 2
    assert psnr_db(video, reference).tolist() == pytest.approx([expected_db] * 2, abs=1e-4)


def test_black_against_white():
    black = torch.zeros(1, 2, 16, 16, 3, dtype=torch.uint8)
    white = torch.full_like(black, 255)
    assert psnr_db(black, white).item() == 0
    assert root_mean_square_error(black, white).item() == 255
    c1 = (0.01 * 255) ** 2
    assert ssim(black, white).item() == pytest.approx(c1 / (255**2 + c1), rel=1e-3)


def test_ssim_of_two_flat_pictures_is_their_luminance_term():
    a = torch.full((1, 1, 20, 20, 3), 100, dtype=torch.uint8)
    b = torch.full((1, 1, 20, 20, 3), 150, dtype=torch.uint8)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert ssim(a, b).item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("height", "width"), [(14, 13), (11, 11), (12, 7), (10, 16), (3, 5), (1, 1), (1, 12)]
)
def test_ssim_equals_a_plain_implementation(height, width):
    reference = noise(2, 2, height, width)
    video = torch.stack([similar(reference[0], 40), noise(2, height, width, seed=5)])
    expected = [plain_ssim(v.numpy(), r.numpy()) for v, r in zip(video, reference, strict=True)]
    assert ssim(video, reference).tolist() == pytest.approx(expected, abs=2e-5)


def test_psnr_equals_a_plain_implementation():
    reference = noise(3, 2, 5, 4)
    video = torch.stack([similar(reference[n], spread) for n, spread in enumerate((2, 30, 255))])
    mask = noise(3, 2, 5, 4, seed=9)[..., 0] > 100
    arrays = [a.numpy() for a in (video, reference, mask)]
    expected = [plain_psnr(v, r) for v, r in zip(arrays[0], arrays[1], strict=True)]
    masked = [plain_psnr(v, r, m) for v, r, m in zip(*arrays, strict=True)]
    assert psnr_db(video, reference).tolist() == pytest.approx(expected, abs=1e-4)
    assert psnr_db(video, reference, mask).tolist() == pytest.approx(masked, abs=1e-4)


def test_psnr_of_identical_clips_is_infinite_and_of_no_pixels_undefined():
    reference = noise(2, 3, 4, 4)
    video = reference.clone()
    video[1] ^= 1
    assert psnr_db(video, reference)[0].item() == math.inf
    mask = torch.zeros(2, 3, 4, 4, dtype=torch.bool)
    mask[1, 0, 0, 0] = True
    masked = psnr_db(video, reference, mask)
    assert math.isnan(masked[0].item())
    assert masked[1].item() == pytest.approx(20 * math.log10(255), abs=1e-4)


def test_mask_leaves_out_what_it_does_not_mark():
    reference = noise(1, 2, 6, 6) // 2
    video = reference + 4
    video[:, :, :3] = 255
    mask = torch.ones(1, 2, 6, 6, dtype=torch.bool)
    mask[:, :, :3] = False
    assert mean_squared_error(video, reference, mask).item() == 16


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    num_frames=st.integers(1, 3),
    height=st.integers(1, 15),
    width=st.integers(1, 15),
)
def test_measures_are_symmetric_bounded_and_best_for_equals(seed, num_frames, height, width):
    a = noise(2, num_frames, height, width, seed=seed)
    b = noise(2, num_frames, height, width, seed=seed + 1)
    for measure in (mean_squared_error, psnr_db, root_mean_square_error):
        assert torch.equal(measure(a, b), measure(b, a))
    assert torch.allclose(ssim(a, b), ssim(b, a), atol=1e-6)
    assert torch.allclose(ssim(a, a), torch.ones(2), atol=1e-6)
    assert (ssim(a, b) <= 1).all()
    assert (ssim(a, b) >= -1).all()
    assert (mean_squared_error(a, a) == 0).all()


def test_clips_are_judged_one_by_one():
    reference = noise(3, 2, 12, 12)
    video = similar(reference, 20)
    together = fidelity(video, reference)
    for clip in range(3):
        alone = fidelity(video[clip : clip + 1], reference[clip : clip + 1])
        for field in ("psnr_db", "psnr_moving_db", "ssim", "root_mean_square_error"):
            assert getattr(together, field)[clip] == getattr(alone, field)[0]


def test_worse_pictures_score_worse():
    reference = (noise(1, 2, 4, 4).repeat_interleave(5, 2).repeat_interleave(5, 3)) // 2 + 60
    scores = [fidelity(similar(reference, spread), reference) for spread in (2, 8, 32)]
    assert scores[0].psnr_db > scores[1].psnr_db > scores[2].psnr_db
    assert scores[0].ssim > scores[1].ssim > scores[2].ssim
    assert (
        scores[0].root_mean_square_error
        < scores[1].root_mean_square_error
        < scores[2].root_mean_square_error
    )


def test_small_blocks_change_nothing(monkeypatch):
    reference = noise(2, 7, 13, 12)
    video = similar(reference, 30)
    whole = fidelity(video, reference)
    monkeypatch.setattr(module, "_BLOCK_VALUES", 2 * 13 * 12 * 3)
    blocks = fidelity(video, reference)
    assert torch.equal(whole.psnr_db, blocks.psnr_db)
    assert torch.equal(whole.psnr_moving_db, blocks.psnr_moving_db)
    assert torch.allclose(whole.ssim, blocks.ssim, atol=1e-6)


def test_memory_is_bounded_by_the_block():
    """No operation allocates nearly as much as one clip would take as float."""
    reference = noise(1, 120, 96, 96)
    video = similar(reference, 30)
    with torch.profiler.profile(profile_memory=True) as profile:
        fidelity(video, reference)
    largest = max(event.self_cpu_memory_usage for event in profile.events())
    block_bytes = 4 * module._BLOCK_VALUES
    assert block_bytes / 2 < largest <= 2 * block_bytes
    assert 4 * video.numel() > 3 * block_bytes


def test_moving_pixels_are_those_whose_gray_deviates_enough():
    """Half of the time at ±d around the mean is a deviation of d: 7.65 gray levels are 0.06."""
    reference = torch.full((1, 4, 2, 3, 3), 100, dtype=torch.uint8)
    reference[0, 2:, 0, 0] += 2 * 8
    reference[0, 2:, 0, 1] += 2 * 7
    reference[0, 2:, 1, 0, 0] += 3 * 2 * 8
    reference[0, 2:, 1, 1, 0] += 30
    reference[0, 2:, 1, 1, 1] -= 30
    expected = torch.tensor([[True, False, False], [True, False, False]])
    assert torch.equal(moving_pixels(reference), expected.expand(1, 4, 2, 3))
    assert moving_pixels(reference, threshold=0.05)[0, 0, 0, 1]


def test_a_single_frame_does_not_move():
    assert not moving_pixels(noise(2, 1, 4, 4)).any()


def test_psnr_over_moving_pixels_is_psnr_under_their_mask():
    reference = torch.full((1, 4, 6, 6, 3), 90, dtype=torch.uint8)
    reference[0, ::2, :2] = 30
    video = reference + 1
    video[:, :, :2] += 9
    scores = fidelity(video, reference)
    assert scores.psnr_moving_db.item() == pytest.approx(20 * math.log10(25.5), abs=1e-4)
    squared = (100 * 12 + 24) / 36
    assert scores.psnr_db.item() == pytest.approx(10 * math.log10(255**2 / squared), abs=1e-4)


def test_means_pool_the_error_and_leave_out_what_is_undefined():
    scores = Fidelity(
        psnr_db=torch.tensor([20.0, 40.0, math.inf]),
        psnr_moving_db=torch.tensor([math.nan, 30.0, math.nan]),
        ssim=torch.tensor([0.5, 0.75, 1.0]),
        root_mean_square_error=torch.tensor([3.0, 4.0, 0.0]),
    )
    assert scores.means() == {
        "psnr_db": pytest.approx(160 / 3, abs=1e-4),
        "psnr_moving_db": pytest.approx(30),
        "ssim": pytest.approx(0.75),
        "root_mean_square_error": pytest.approx(math.sqrt(25 / 3)),
    }


def test_pooled_error_is_equation_3_6():
    reference = noise(5, 2, 6, 6)
    video = torch.stack([similar(clip, 10 * n) for n, clip in enumerate(reference, start=1)])
    squared = (video.double() - reference.double()).square().mean(dim=(1, 2, 3, 4))
    expected = math.sqrt(squared.mean())
    assert fidelity(video, reference).means()["root_mean_square_error"] == pytest.approx(expected)


def test_means_without_motion_or_without_clips_are_none():
    still = torch.zeros(2, 3, 12, 12, 3, dtype=torch.uint8)
    assert fidelity(still + 1, still).means()["psnr_moving_db"] is None
    assert fidelity(still, still).means()["psnr_db"] == 100
    assert set(fidelity(still[:0], still[:0]).means().values()) == {None}


def test_shapes_that_differ_are_refused():
    with pytest.raises(UserError, match=r"got \(1, 1, 4"):
        module.require_same_shape(noise(1, 1, 4, 4), noise(1, 5, 4, 4))
