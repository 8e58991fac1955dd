import numpy as np
import pytest

from videospace.lipreading.mouth.endpoints import cut, find_movement, find_movements, lip_motion
from videospace.lipreading.mouth.mouth_clip import MouthClip


def talking(
    *spans: tuple[float, float],
    seconds: float = 3.0,
    fps: float = 25.0,
    noise: float = 2.0,
    height: float = 14.0,
) -> MouthClip:
    """A dark mouth that opens and closes three times a second in each span of seconds."""
    times = (np.arange(round(seconds * fps)) + 0.5) / fps
    opening = np.zeros(len(times))
    for start, end in spans:
        inside = (times >= start) & (times < end)
        opening[inside] = height * np.abs(np.sin(3 * np.pi * (times[inside] - start)))
    rows, columns = np.mgrid[:88, :88] - 43.5
    distance = (columns / 24)[None] ** 2 + (rows[None] / (2 + opening[:, None, None])) ** 2
    frames = 140 - 90 / (1 + np.exp(np.minimum(8 * (distance - 1), 50)))
    frames += np.random.default_rng(0).normal(0, noise, frames.shape)
    return MouthClip(frames=frames.clip(0, 255).astype(np.uint8), fps=fps)


def seconds_of(clip: MouthClip) -> tuple[float, float]:
    found = find_movement(clip)
    assert found is not None
    return found.start_frame / clip.fps, found.end_frame / clip.fps


class TestFindMovement:
    @pytest.mark.parametrize("fps", [8.0, 15.0, 25.0, 30.0, 120.0])
    def test_the_word_is_found_at_every_rate(self, fps):
        start, end = seconds_of(talking((1.0, 2.0), fps=fps))
        assert start == pytest.approx(1.0, abs=max(0.1, 1.5 / fps))
        assert end == pytest.approx(2.0, abs=max(0.1, 1.5 / fps))

    def test_a_short_pause_belongs_to_the_word(self):
        start, end = seconds_of(talking((0.5, 1.0), (1.3, 2.0)))
        assert (start, end) == (pytest.approx(0.5, abs=0.12), pytest.approx(2.0, abs=0.12))

    def test_of_two_movements_the_stronger_one_counts(self):
        start, end = seconds_of(talking((0.2, 0.5), (1.5, 2.5)))
        assert (start, end) == (pytest.approx(1.5, abs=0.12), pytest.approx(2.5, abs=0.12))

    def test_lips_that_rest_say_nothing(self):
        assert find_movement(talking(noise=3.0)) is None

    def test_a_lamp_that_flickers_is_no_movement(self):
        frames = talking(noise=0.0).frames.astype(int)
        frames += (20 * np.sin(np.arange(len(frames))))[:, None, None].astype(int)
        assert find_movement(MouthClip(frames=frames.astype(np.uint8), fps=25.0)) is None

    def test_a_clip_that_is_all_word_moves_from_end_to_end(self):
        assert seconds_of(talking((0.0, 3.0))) == (0.0, 3.0)

    @pytest.mark.parametrize("num_frames", [1, 2])
    def test_the_shortest_clips(self, num_frames):
        still = MouthClip(frames=np.full((num_frames, 88, 88), 9, np.uint8), fps=25.0)
        assert find_movement(still) is None
        assert lip_motion(still).tolist() == [0.0] * num_frames

    def test_two_different_frames_are_a_movement(self):
        frames = np.random.default_rng(0).integers(0, 256, (2, 88, 88), dtype=np.uint8)
        assert seconds_of(MouthClip(frames=frames, fps=25.0)) == (0.0, 0.08)


class TestFindMovements:
    @pytest.mark.parametrize("fps", [15.0, 25.0, 60.0])
    def test_words_between_pauses(self, fps):
        spans = ((0.5, 1.2), (2.0, 2.6), (3.4, 4.5))
        found = find_movements(talking(*spans, seconds=5.5, fps=fps))
        ends = [(each.start_frame / fps, each.end_frame / fps) for each in found]
        assert np.array(ends) == pytest.approx(np.array(spans), abs=0.15)

    def test_the_strongest_is_the_one_that_is_found(self):
        clip = talking((0.2, 0.5), (1.5, 2.5))
        assert find_movements(clip)[1] == find_movement(clip)

    def test_lips_that_rest(self):
        assert find_movements(talking(noise=3.0)) == []


class TestCut:
    def test_a_little_rest_is_kept(self):
        whole = talking((1.0, 2.0))
        clip = cut(whole, find_movement(whole), margin_seconds=0.2)
        assert clip.seconds == pytest.approx(1.4, abs=0.2)
        assert clip.fps == 25.0

    def test_the_margin_ends_with_the_clip(self):
        clip = talking((0.0, 3.0))
        found = cut(clip, find_movement(clip), margin_seconds=5.0)
        assert np.array_equal(found.frames, clip.frames)

    def test_the_rest_of_the_footage_can_be_forgotten(self):
        clip = talking((1.0, 2.0))
        assert cut(clip, find_movement(clip)).frames.base is None
