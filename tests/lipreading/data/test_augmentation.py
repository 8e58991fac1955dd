import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videospace.lipreading.data.augmentation import (
    NO_AUGMENTATION,
    PUBLISHED,
    STRONG,
    AugmentationConfig,
    augmented_batch,
    change_contrast,
    frame_choice,
    mixed_up,
    shift_zoom_rotate,
    time_masked,
)
from videospace.lipreading.data.batches import ClipBatch, InputConfig, clip_batch
from videospace.runtime.errors import UserError


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clips() -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randint(0, 256, (n, 88, 88), dtype=torch.uint8) for n in (9, 14)]


def test_without_augmentation_the_batch_is_the_one_of_recognition(shots):
    frames = [torch.from_numpy(shot.clip.frames) for shot in shots[:2]]
    plain = clip_batch([shot.clip for shot in shots[:2]], InputConfig())
    batch = augmented_batch(frames, InputConfig(), NO_AUGMENTATION, generator())
    torch.testing.assert_close(batch.frames, plain.frames)
    assert torch.equal(batch.lengths, plain.lengths)


@given(seed=st.integers(0, 1000), num_frames=st.integers(1, 60))
def test_chosen_frames_run_forwards_within_the_clip(seed, num_frames):
    config = AugmentationConfig(speed=0.2, trim=0.1, empty_frames=20)
    choice = frame_choice(num_frames, config, generator(seed))
    shown = choice[choice >= 0]
    assert len(shown) >= 1
    assert (shown.diff() >= 0).all()
    assert shown.max() < num_frames
    blank = (choice < 0).int()
    assert blank.diff().abs().sum() <= 2  # blank frames stand at the ends only
    assert len(choice) <= num_frames / 0.8 + 1 + 40


def test_speed_reaches_both_published_ends():
    lengths = [
        len(frame_choice(100, AugmentationConfig(speed=0.2), generator(s))) for s in range(80)
    ]
    assert 83 <= min(lengths) < 90
    assert 115 < max(lengths) <= 125


def test_published_empty_frames_are_zero_to_twenty_at_either_end():
    counts = []
    for seed in range(200):
        choice = frame_choice(30, dataclasses.replace(PUBLISHED, speed=0.0), generator(seed))
        counts.append(int((choice.cumsum(0) < 0).logical_and(choice < 0).sum()))
    assert min(counts) == 0
    assert max(counts) == 20


def test_empty_frames_are_zero_whatever_else_happens():
    config = dataclasses.replace(STRONG, empty_frames=20)
    batch = augmented_batch(clips(), InputConfig(), config, generator(3))
    again = generator(3)
    for row, clip in enumerate(clips()):
        choice = frame_choice(len(clip), config, again)
        assert batch.frames[row, : len(choice)][choice < 0].abs().sum() == 0
        assert (batch.frames[row, : len(choice)][choice >= 0].abs().sum((1, 2)) > 0).all()
        assert batch.frames[row, len(choice) :].abs().sum() == 0


def test_same_generator_same_batch():
    one, other, third = (
        augmented_batch(clips(), InputConfig(), STRONG, generator(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one.frames, other.frames)
    assert one.frames.shape != third.frames.shape or not torch.equal(one.frames, third.frames)
    assert one.frames.abs().max() <= 1


def test_moving_is_alike_in_all_frames_and_mirrors_exactly():
    frames = torch.rand(1, 1, 88, 88, generator=generator()).expand(8, 3, 88, 88)
    result = shift_zoom_rotate(frames, AugmentationConfig(mirror=True), generator(1))
    same = [torch.allclose(row, frames[0], atol=1e-4) for row in result]
    flipped = [torch.allclose(row, frames[0].flip(-1), atol=1e-4) for row in result]
    assert all(a != b for a, b in zip(same, flipped, strict=True))
    assert any(same)
    assert any(flipped)


def test_shift_moves_by_at_most_so_many_px():
    frames = torch.zeros(64, 1, 88, 88)
    frames[:, :, 43:45, 43:45] = 1.0
    result = shift_zoom_rotate(frames, AugmentationConfig(shift_px=6.0), generator(1))
    axis = torch.arange(88) - 43.5
    offset = (result[:, 0].sum(1) * axis).sum(1) / result[:, 0].sum((1, 2))
    assert offset.abs().max() <= 6.01
    assert offset.max() > 4
    assert offset.min() < -4


def test_light_changes_alike_in_all_frames_and_stays_in_range():
    frames = torch.rand(5, 1, 88, 88, generator=generator()).expand(5, 4, 88, 88)
    result = change_contrast(frames, AugmentationConfig(contrast=0.5, brightness=0.3), generator())
    assert torch.equal(result[:, 0], result[:, 3])
    assert not torch.equal(result[0, 0], frames[0, 0])
    assert result.min() >= 0
    assert result.max() <= 1


def test_time_mask_hides_one_stretch_of_at_most_a_third():
    torch.manual_seed(0)
    frames = torch.rand(40, 12, 88, 88)
    shown = torch.ones(40, 12, dtype=torch.bool)
    changed = (time_masked(frames, shown, 100, generator()) != frames).any(-1).any(-1)
    assert changed.sum(1).max() == 4
    assert changed.sum(1).min() == 0
    assert (changed.int().diff(dim=1).abs().sum(1) <= 2).all()


def test_mixup_blends_with_the_partner():
    batch = ClipBatch(torch.rand(6, 5, 88, 88), torch.tensor([5, 2, 3, 4, 5, 1]))
    mixed, partner, fraction = mixed_up(batch, 0.4, generator(2))
    assert 0.5 <= fraction <= 1
    expected = fraction * batch.frames + (1 - fraction) * batch.frames[partner]
    torch.testing.assert_close(mixed.frames, expected)
    assert torch.equal(mixed.lengths, torch.maximum(batch.lengths, batch.lengths[partner]))


def test_the_mean_frame_can_be_taken_away():
    still = torch.randint(0, 256, (1, 88, 88), dtype=torch.uint8).expand(6, 88, 88)
    batch = augmented_batch([still], InputConfig(subtract_mean=True), NO_AUGMENTATION, generator())
    assert batch.frames.abs().max() < 1e-5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"speed": 1.0}, "speed"),
        ({"trim": 0.5}, "trim"),
        ({"shift_px": float("nan")}, "shift_px"),
    ],
)
def test_bad_amounts(change, message):
    with pytest.raises(UserError, match=message):
        AugmentationConfig(**change)


def test_half_size_is_the_mean_of_four_pixels():
    frames = torch.rand(2, 3, 88, 88)
    mirrored = AugmentationConfig(mirror=True)
    half = shift_zoom_rotate(frames, mirrored, generator(), 44)
    whole = shift_zoom_rotate(frames, mirrored, generator())
    torch.testing.assert_close(half, torch.nn.functional.avg_pool2d(whole, 2), atol=1e-5, rtol=0)


def test_a_batch_in_another_size_varies_alike():
    whole = augmented_batch(clips(), InputConfig(), STRONG, generator(1))
    half = augmented_batch(clips(), InputConfig(), STRONG, generator(1), side_px=44)
    assert torch.equal(half.lengths, whole.lengths)
    assert half.frames.shape == (*whole.frames.shape[:2], 44, 44)
    torch.testing.assert_close(
        half.frames.mean((2, 3)), whole.frames.mean((2, 3)), atol=0.02, rtol=0
    )
