import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.clips.decoding.video_input import read_frames
from videospace.clips.writing import write_video
from videospace.reports.comparison import HATCHING_GRAYS, hatched, side_by_side
from videospace.runtime.errors import UserError

GREEN = (0, 200, 0)
BLUE = (0, 0, 200)
RED = (200, 0, 0)
sides = st.integers(1, 40)


def filled(color, num_frames=1, height=4, width=6):
    return np.full((num_frames, height, width, 3), color, np.uint8)


def all_seen(video):
    return np.ones(video.shape[:3], bool)


def test_input_output_and_truth_stand_in_a_row_with_gaps():
    seen, output, truth = filled(GREEN), filled(BLUE), filled(RED)
    (frame,) = side_by_side(seen, all_seen(seen), output, truth)
    assert frame.dtype == np.uint8
    assert frame.shape == (4, 6 + 2 + 6 + 2 + 6, 3)
    row = [GREEN] * 6 + [(255, 255, 255)] * 2 + [BLUE] * 6 + [(255, 255, 255)] * 2 + [RED] * 6
    assert (frame == np.uint8(row)).all()


def test_without_truth_there_are_two():
    seen, output = filled(GREEN, 3), filled(BLUE, 3)
    frames = list(side_by_side(seen, all_seen(seen), output))
    assert [frame.shape for frame in frames] == [(4, 14, 3)] * 3
    assert (frames[2][:, -6:] == BLUE).all()


def test_only_the_unobserved_part_is_hatched():
    seen = filled(GREEN, 2, 16, 16)
    observed = all_seen(seen)
    observed[0, 8:] = False
    observed[1, :, :3] = False
    output = filled(BLUE, 2, 16, 16)
    for frame, mask in zip(side_by_side(seen, observed, output), observed, strict=True):
        shown = frame[:, :16]
        assert (shown[mask] == GREEN).all()
        assert np.isin(shown[~mask], HATCHING_GRAYS).all()
        assert (shown == shown[..., :1]).all(axis=2)[~mask].all()
        assert (frame[:, 18:] == BLUE).all()


def test_stripes_are_two_pixels_wide_run_diagonally_and_stand_still():
    seen = filled(GREEN, 2, 16, 16)
    first, second = side_by_side(seen, ~all_seen(seen), seen)
    np.testing.assert_array_equal(first, second)
    dark, light = HATCHING_GRAYS
    assert first[0, :8, 0].tolist() == [dark, dark, light, light] * 2
    np.testing.assert_array_equal(first[1:, :15], first[:-1, 1:16])


@pytest.mark.parametrize(
    ("size", "stripe_px"), [((16, 16), 2), ((80, 100), 2), ((1080, 1920), 34), ((1920, 1080), 34)]
)
def test_stripes_widen_with_the_picture(size, stripe_px):
    frame = hatched(filled(GREEN)[0], np.zeros((4, 6), bool), size)
    changes = np.flatnonzero(np.diff(frame[0, :, 0].astype(int))) + 1
    np.testing.assert_array_equal(changes, stripe_px * np.arange(1, len(changes) + 1))
    assert len(changes) >= 7


def test_a_coarse_input_shows_its_pixels_and_is_hatched_finely():
    coarse = np.zeros((2, 2, 3), np.uint8)
    coarse[0], coarse[1] = [GREEN, RED], [BLUE, (9, 9, 9)]
    observed = np.array([[True, True], [False, True]])
    shown = hatched(coarse, observed, (16, 16))
    assert (shown[:8, :8] == GREEN).all()
    assert (shown[:8, 8:] == RED).all()
    assert (shown[8:, 8:] == 9).all()
    assert set(shown[8, :8, 0].tolist()) == set(HATCHING_GRAYS)


@given(height=sides, width=sides, target_height=sides, target_width=sides)
def test_hatching_covers_what_is_unobserved_at_any_size(height, width, target_height, target_width):
    random = np.random.default_rng(height * width)
    frame = np.full((height, width, 3), 5, np.uint8)
    observed = random.random((height, width)) < 0.5
    frame[~observed] = 77  # must never show
    shown = hatched(frame, observed, (target_height, target_width))
    assert shown.shape == (target_height, target_width, 3)
    rows = [int((row + 0.5) * height / target_height) for row in range(target_height)]
    columns = [int((column + 0.5) * width / target_width) for column in range(target_width)]
    np.testing.assert_array_equal(shown[..., 0] == 5, observed[rows][:, columns])
    assert np.isin(shown, (5, *HATCHING_GRAYS)).all()


@given(height=sides, width=sides)
def test_at_its_own_size_a_seen_frame_stays_as_it_is(height, width):
    frame = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    shown = hatched(frame, np.ones((height, width), bool), (height, width))
    np.testing.assert_array_equal(shown, frame)


def test_everything_is_brought_to_the_size_of_the_output():
    seen, output, truth = filled(GREEN, 1, 3, 3), filled(BLUE, 1, 9, 15), filled(RED, 1, 20, 10)
    (frame,) = side_by_side(seen, all_seen(seen), output, truth)
    assert frame.shape == (9, 15 * 3 + 4, 3)
    assert (frame[:, :15] == GREEN).all()
    assert (frame[:, 17:32] == BLUE).all()
    assert (frame[:, 34:] == RED).all()


def test_truth_of_another_shape_is_shown_whole():
    output, truth = filled(BLUE, 1, 8, 8), filled(GREEN, 1, 4, 40)
    truth[:, :, 20:] = RED
    (frame,) = side_by_side(output, all_seen(output), output, truth)
    assert (frame[:, 20:24] == GREEN).all()
    assert (frame[:, 24:] == RED).all()


def test_single_pixels():
    pixel = filled(GREEN, 1, 1, 1)
    (frame,) = side_by_side(pixel, ~all_seen(pixel), pixel, pixel)
    gray, white = [HATCHING_GRAYS[0]] * 3, [255] * 3
    assert frame.tolist() == [[gray, white, white, [*GREEN], white, white, [*GREEN]]]


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_odd_sizes_can_be_written(tmp_path, name):
    seen = filled(GREEN, 3, 15, 17)
    frames = side_by_side(seen, all_seen(seen), filled(BLUE, 3, 15, 17), filled(RED, 3, 15, 17))
    path = write_video(tmp_path / name, (frame[None] for frame in frames), fps=25)
    written = list(read_frames(path))
    assert [frame.shape for frame in written] == [(16, 56, 3)] * 3
    for center, color in [(8, GREEN), (27, BLUE), (46, RED)]:
        assert np.abs(written[1][7, center].astype(int) - color).max() < 30


def test_one_frame_of_each_is_held():
    held = weakref.WeakValueDictionary()
    read = []

    def stream(color):
        for number in range(20):
            frame = filled(color)[0]
            held[color, number] = frame
            read.append(number)
            yield frame
            del frame

    masks = (np.ones((4, 6), bool) for _ in range(20))
    frames = side_by_side(stream(GREEN), masks, stream(BLUE), stream(RED))
    assert not read
    for number, _ in enumerate(frames):
        assert max(read) == number
        assert len(held) <= 2 * 3
    assert number == 19


@pytest.mark.parametrize("short", ["input", "mask", "output", "truth"])
def test_a_video_that_ends_early_is_named(short):
    video = filled(GREEN, 3)
    videos = {"input": video, "mask": all_seen(video), "output": video, "truth": video}
    videos[short] = videos[short][:2]
    message = f"got only 2 of {short}$"
    with pytest.raises(UserError, match=message):
        list(side_by_side(*map(iter, videos.values())))


def test_a_mask_of_another_size_is_named():
    video = filled(GREEN, 2)
    masks = iter([np.ones((4, 6), bool), np.ones((6, 4), bool)])
    message = "got 6x4 for frame 1"
    with pytest.raises(UserError, match=message):
        list(side_by_side(iter(video), masks, iter(video)))


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 6), np.uint8),
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((4, 6, 3), np.float32),
        np.zeros((0, 6, 3), np.uint8),
        np.zeros((1, 4, 6, 3), np.uint8),
    ],
)
@pytest.mark.parametrize("name", ["input", "output", "truth"])
def test_what_is_no_picture_is_named(bad, name):
    video = filled(GREEN)
    videos = {"input": video, "mask": all_seen(video), "output": video, "truth": video}
    videos[name] = [bad]
    message = rf"for the {name}, got {bad.dtype} \("
    with pytest.raises(UserError, match=message):
        list(side_by_side(*map(iter, videos.values())))


@pytest.mark.parametrize("bad", [np.ones((4, 6)), np.ones(24, bool), np.ones((4, 6, 3), bool)])
def test_what_is_no_mask_is_named(bad):
    video = filled(GREEN)
    message = r"for the mask, got (float64|bool) \("
    with pytest.raises(UserError, match=message):
        list(side_by_side(iter(video), iter([bad]), iter(video)))
