import itertools
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.completion.windows import cross_faded, cut_windows
from videospace.runtime.errors import UserError


@st.composite
def cuts(draw, longest=9):
    """Number of frames, length of a window, overlap."""
    length = draw(st.integers(1, longest))
    return draw(st.integers(1, 40)), length, draw(st.integers(0, length - 1))


def random_video(num_frames, height=2, width=3, channels=3):
    shape = (num_frames, height, width, channels)
    return np.random.default_rng(num_frames).integers(0, 256, shape, np.uint8)


def unchanged(windows):
    return [window.frames for window in windows]


def plain(levels):
    """A completion that fills each window with a level of its own, by the window's start."""

    def complete(windows):
        return [np.full_like(window.frames, levels[window.start]) for window in windows]

    return complete


def levels_of(frames):
    return [int(frame[0, 0, 0]) for frame in frames]


@given(cut=cuts())
def test_windows_cover_the_video_and_overlap_enough(cut):
    num_frames, length, overlap = cut
    video = random_video(num_frames)
    windows = list(cut_windows(iter(video), length, overlap))

    assert windows[0].start == 0
    for window, following in itertools.pairwise(windows):
        step = following.start - window.start
        assert step == length - overlap or (following is windows[-1] and 0 < step < length)
        assert step <= length - overlap
    last = windows[-1]
    assert last.start + last.num_real == num_frames
    for window in windows:
        real = window.frames[: window.num_real]
        assert len(window.frames) == length
        assert window.num_real == min(length, num_frames)
        np.testing.assert_array_equal(real, video[window.start : window.start + window.num_real])
        assert (window.frames[window.num_real :] == video[-1]).all()


def test_the_last_window_is_moved_back_to_the_last_frame():
    starts = [window.start for window in cut_windows(iter(random_video(9)), 4, 2)]
    assert starts == [0, 2, 4, 5]
    starts = [window.start for window in cut_windows(iter(random_video(8)), 4, 2)]
    assert starts == [0, 2, 4]


def test_a_window_comes_as_soon_as_its_last_frame_is_read():
    reading = Reading(random_video(9))
    windows = cut_windows(reading, length=4, overlap=2)
    assert reading.num_read == 0
    num_read = []
    for _ in windows:
        num_read.append(reading.num_read)
    assert num_read == [4, 6, 8, 9]


@given(cut=cuts(), windows_at_once=st.integers(1, 4))
def test_what_is_left_as_it_was_comes_back_exactly(cut, windows_at_once):
    num_frames, length, overlap = cut
    video = random_video(num_frames)
    frames = list(cross_faded(iter(video), length, overlap, unchanged, windows_at_once))
    assert len(frames) == num_frames
    assert all(frame.dtype == np.uint8 for frame in frames)
    np.testing.assert_array_equal(np.stack(frames), video)


@given(cut=cuts(), windows_at_once=st.integers(1, 4), seed=st.integers(0, 99))
def test_frames_are_the_weighted_means_of_all_windows_that_cover_them(cut, windows_at_once, seed):
    num_frames, length, overlap = cut
    random = np.random.default_rng(seed)
    made = []

    def complete(windows):
        videos = [random.integers(0, 256, window.frames.shape, np.uint8) for window in windows]
        made.extend(zip(windows, videos, strict=True))
        return videos

    frames = list(cross_faded(random_video(num_frames), length, overlap, complete, windows_at_once))
    ramp = np.minimum(np.arange(1, length + 1) / (overlap + 1), 1)
    weights = np.minimum(ramp, ramp[::-1])
    for number, frame in enumerate(frames):
        covering = [
            (weights[number - window.start], video[number - window.start].astype(float))
            for window, video in made
            if window.start <= number < window.start + window.num_real
        ]
        total = sum(weight for weight, _ in covering)
        fractions = [weight / total for weight, _ in covering]
        assert sum(fractions) == pytest.approx(1)
        mean = sum(part * values for part, (_, values) in zip(fractions, covering, strict=True))
        assert np.abs(frame - mean).max() <= 0.5 + 1e-9


def test_two_windows_fade_into_each_other_linearly():
    frames = cross_faded(random_video(7), 5, 3, plain({0: 0, 2: 100}))
    assert levels_of(frames) == [0, 0, 25, 50, 75, 100, 100]


def test_without_overlap_windows_follow_each_other():
    frames = cross_faded(random_video(6), 3, 0, plain({0: 10, 3: 20}))
    assert levels_of(frames) == [10, 10, 10, 20, 20, 20]


def test_a_moved_last_window_shares_frames_with_two_others():
    # Weights 1 2 2 1 from frames 0, 2, 4 and 5; frame 5 is covered by the last three windows.
    frames = cross_faded(random_video(9), 4, 2, plain({0: 0, 2: 100, 4: 200, 5: 60}))
    assert levels_of(frames) == [0, 0, 33, 67, 133, 140, 130, 107, 60]


def test_a_short_video_is_filled_up_and_the_filling_taken_off():
    given_windows = []

    def complete(windows):
        given_windows.extend(windows)
        return [window.frames + np.uint8(1) for window in windows]

    video = np.arange(3, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    frames = list(cross_faded(video, 5, 2, complete, windows_at_once=4))
    assert levels_of(frames) == [1, 2, 3]
    (window,) = given_windows
    assert (window.start, window.num_real) == (0, 3)
    assert levels_of(window.frames) == [0, 1, 2, 2, 2]


def test_completed_windows_may_be_larger():
    video = random_video(11, height=2, width=3)

    def enlarge(windows):
        return [window.frames.repeat(4, axis=1).repeat(2, axis=2) for window in windows]

    frames = np.stack(list(cross_faded(video, 4, 3, enlarge, 2)))
    np.testing.assert_array_equal(frames, video.repeat(4, axis=1).repeat(2, axis=2))


def test_a_mask_may_travel_along_as_a_fourth_channel():
    video = random_video(11, channels=4)

    def without_mask(windows):
        return [window.frames[..., :3] for window in windows]

    frames = np.stack(list(cross_faded(video, 4, 2, without_mask)))
    np.testing.assert_array_equal(frames, video[..., :3])


def test_windows_are_completed_together_as_many_as_asked_for():
    batches = []

    def complete(windows):
        batches.append([window.start for window in windows])
        return unchanged(windows)

    list(cross_faded(random_video(14), 4, 2, complete, windows_at_once=4))
    assert batches == [[0, 2, 4, 6], [8, 10]]


class Reading:
    """A stream that counts what is read, knows which frames are still held, and ends once."""

    def __init__(self, frames):
        self._frames = iter(frames)
        self._held = weakref.WeakValueDictionary()
        self._ended = False
        self.num_read = 0

    def __iter__(self):
        return self

    def __next__(self):
        assert not self._ended, "read on after the end"
        try:
            frame = next(self._frames)
        except StopIteration:
            self._ended = True
            raise
        self._held[self.num_read] = frame
        self.num_read += 1
        return frame

    @property
    def num_held(self):
        return len(self._held)


@pytest.mark.parametrize("num_frames", [3, 8, 60, 61])
@pytest.mark.parametrize(("length", "overlap", "windows_at_once"), [(8, 2, 1), (8, 6, 3)])
def test_every_frame_is_read_once_and_not_before_it_is_needed(
    num_frames, length, overlap, windows_at_once
):
    reading = Reading(random_video(num_frames))
    frames = cross_faded(reading, length, overlap, unchanged, windows_at_once)
    assert reading.num_read == 0
    for number, _ in enumerate(frames):
        assert reading.num_read <= number + length + windows_at_once * (length - overlap)
        assert reading.num_held <= length
    assert reading.num_read == num_frames


@pytest.mark.parametrize("windows_at_once", [1, 3])
def test_no_more_than_a_few_windows_are_held(windows_at_once):
    inputs, outputs = weakref.WeakValueDictionary(), weakref.WeakValueDictionary()
    most_inputs = most_outputs = 0

    def complete(windows):
        nonlocal most_inputs, most_outputs
        videos = [window.frames.copy() for window in windows]
        for window, video in zip(windows, videos, strict=True):
            inputs[window.start], outputs[window.start] = window.frames, video
        most_inputs = max(most_inputs, len(inputs))
        most_outputs = max(most_outputs, len(outputs))
        return videos

    frames = cross_faded(iter(random_video(60)), 6, 2, complete, windows_at_once)
    assert sum(1 for _ in frames) == 60
    assert most_inputs == most_outputs == windows_at_once
    assert not inputs
    assert not outputs


def test_memory_does_not_grow_with_the_length_of_the_video():
    length, height, width = 6, 32, 48
    frame_bytes = height * width * 3

    def peak_bytes(num_frames):
        video = (np.full((height, width, 3), index % 256, np.uint8) for index in range(num_frames))
        darker = cross_faded(
            video, length, 2, lambda windows: [window.frames // 2 for window in windows], 2
        )
        tracemalloc.start()
        for _ in darker:
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(20)  # what is made once and kept
    short, long = peak_bytes(40), peak_bytes(400)
    assert long < 1.1 * short
    # The frames read last, two windows with their completions, sums of 4 bytes a value, four more
    # while they are worked out, and the frame that comes out.
    assert long < 1.05 * frame_bytes * (length * (1 + 2 * 2 + 4) + 4 * 4 + 1)


@settings(max_examples=20)
@given(length=st.integers(1, 5), overlap=st.integers(-3, 8))
def test_an_overlap_out_of_range_is_refused_before_anything_is_read(length, overlap):
    reading = Reading(random_video(3))
    if 0 <= overlap < length:
        cross_faded(reading, length, overlap, unchanged)
    else:
        with pytest.raises(UserError, match="overlap"):
            cross_faded(reading, length, overlap, unchanged)
    assert reading.num_read == 0


def test_windows_without_frames_are_refused():
    with pytest.raises(UserError, match="at least 1 frame"):
        cross_faded(random_video(3), 0, 0, unchanged)
    with pytest.raises(UserError, match="window at once"):
        cross_faded(random_video(3), 4, 2, unchanged, windows_at_once=0)


def test_a_video_without_frames_is_refused():
    with pytest.raises(UserError, match="at least 1 frame"):
        list(cross_faded(iter(()), 4, 2, unchanged))


def test_frames_that_do_not_fit_together_are_named():
    frames = iter([np.zeros((4, 6, 3), np.uint8), np.zeros((8, 6, 3), np.uint8)])
    with pytest.raises(UserError, match="frame 1"):
        list(cross_faded(frames, 4, 2, unchanged))


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 6), "u1"), np.zeros((4, 6, 3)), np.zeros((0, 6, 3), "u1")]
)
def test_what_is_no_frame_is_named(frame):
    message = "frame 0"
    with pytest.raises(UserError, match=message):
        list(cross_faded(iter([frame]), 4, 2, unchanged))


@pytest.mark.parametrize(
    ("complete", "message"),
    [
        (lambda windows: [], "expected 2 completed windows"),
        (
            lambda windows: [window.frames[1:] for window in windows],
            r"got uint8 \(3, 2, 3, 3\)",
        ),
        (
            lambda windows: [window.frames / 255 for window in windows],
            "float64",
        ),
        (
            lambda windows: [window.frames[:, : 2 - window.start // 2] for window in windows],
            r"uint8 \(4, 1, 3, 3\) and",
        ),
        (
            lambda windows: [window.frames[..., 0] for window in windows],
            r"got uint8 \(4, 2, 3\)",
        ),
    ],
)
def test_completed_windows_that_do_not_fit_are_named(complete, message):
    with pytest.raises(UserError, match=message):
        list(cross_faded(random_video(8), 4, 2, complete, windows_at_once=2))


def test_trouble_in_the_completion_comes_through_after_what_was_finished():
    def complete(windows):
        if windows[0].start >= 4:
            raise KeyboardInterrupt
        return unchanged(windows)

    video, finished = random_video(12), []

    def read_all():
        for frame in cross_faded(iter(video), 4, 2, complete):
            finished.append(frame)

    with pytest.raises(KeyboardInterrupt):
        read_all()
    np.testing.assert_array_equal(finished, video[:2])
