import numpy as np

from videospace.baselines.motionless import last_frame, mean_frame, oracle_mean_frame
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import everything, prediction

VIDEO = np.random.default_rng(0).integers(0, 256, (9, 5, 4, 3), dtype=np.uint8)


def gray(*levels: int) -> np.ndarray:
    """Frames in rows, pixels in columns."""
    return np.array(levels, np.uint8).reshape(-1, 1, 2)[..., None].repeat(3, axis=-1)


def seen(*flags: int) -> np.ndarray:
    return np.array(flags, bool).reshape(-1, 1, 2)


class TestMeanFrame:
    def test_each_pixel_shows_the_mean_of_what_was_seen_of_it(self):
        video = gray(10, 100, 20, 200, 60, 0)
        context = Context(video=video, observed=seen(1, 1, 1, 0, 1, 0))
        assert np.array_equal(mean_frame(context, (1, 2)), gray(30, 100, 30, 100, 30, 100))

    def test_a_pixel_never_seen_takes_the_mean_of_all_seen_colors(self):
        video = gray(10, 255, 20, 255)
        video[1, 0, 0] = [20, 40, 60]
        context = Context(video=video, observed=seen(1, 0, 1, 0))
        assert mean_frame(context, (1, 2))[:, 0, 1].tolist() == [[15, 25, 35]] * 2

    def test_weights_count(self):
        weight = np.array([1.0, 3.0, 3.0, 1.0]).reshape(2, 1, 2)
        context = Context(video=gray(0, 0, 40, 40), observed=seen(1, 1, 1, 1), weight=weight)
        assert mean_frame(context, (1, 2))[0, 0, :, 0].tolist() == [30, 10]

    def test_of_a_whole_clip_is_the_oracle(self):
        completed = mean_frame(everything(VIDEO), (5, 4))
        assert np.array_equal(completed, oracle_mean_frame(VIDEO))

    def test_no_other_still_comes_closer(self):
        best = oracle_mean_frame(VIDEO).astype(int)
        error = ((best - VIDEO) ** 2).sum()
        for change in (-1, 1):
            assert ((best + change - VIDEO) ** 2).sum() > error


class TestLastFrame:
    def test_the_last_seen_frame_is_repeated(self):
        completed = last_frame(prediction(VIDEO, 4), (5, 4))
        assert np.array_equal(completed[:4], VIDEO[:4])
        assert np.array_equal(completed[4:], VIDEO[3:4].repeat(5, axis=0))

    def test_pixel_by_pixel_where_frames_are_seen_in_part(self):
        video = gray(1, 2, 3, 4, 5, 6, 7, 8)
        context = Context(video=video, observed=seen(0, 1, 1, 0, 0, 1, 1, 0))
        assert np.array_equal(last_frame(context, (1, 2)), gray(3, 2, 3, 2, 3, 6, 7, 6))

    def test_a_pixel_never_seen_takes_the_mean_of_all_seen_colors(self):
        context = Context(video=gray(10, 255, 20, 255), observed=seen(1, 0, 1, 0))
        assert last_frame(context, (1, 2))[:, 0, 1, 0].tolist() == [15, 15]

    def test_of_a_whole_clip_is_the_clip(self):
        assert np.array_equal(last_frame(everything(VIDEO), (5, 4)), VIDEO)
