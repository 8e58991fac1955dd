import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.tracking import (
    follow,
    frames_between_detections,
    pose_of_every_frame,
)


def at(x: float, side: float = 40.0, y: float = 50.0) -> MouthPose:
    return MouthPose(x, y, side, 0.0)


def path_of(looks, between=1, fps=25.0):
    return np.array(
        pose_of_every_frame(looks, between=between, num_frames=len(looks) * between, fps=fps)
    )


class TestFollow:
    def test_one_who_walks_through_does_not_take_over(self):
        speaker = [at(50 + look / 10) for look in range(20)]
        found = [[pose] for pose in speaker]
        for look in range(5, 9):
            found[look] = [at(200 + 10 * look, side=60), speaker[look]]
        assert follow(found) == speaker

    def test_a_false_face_in_the_first_frame_does_not_count(self):
        assert follow([[at(300, 80)], *[[at(50)]] * 5]) == [None, *[at(50)] * 5]

    def test_of_two_who_stay_the_nearer_one_is_taken(self):
        assert follow([[at(50, 60), at(200, 30)], [at(200, 30), at(50, 60)]]) == [at(50, 60)] * 2

    def test_two_mouths_side_by_side_are_not_mixed_up(self):
        found = [[at(50 + look), at(80 + look, 39)] for look in range(6)]
        assert [pose and pose.side_px for pose in follow(found)] == [40] * 6

    def test_nobody_is_nobody(self):
        assert follow([[], []]) == [None, None]
        assert follow([]) == []

    @given(st.lists(st.lists(st.integers(0, 900), max_size=3), max_size=12))
    def test_what_is_followed_has_been_found(self, places):
        found = [[at(float(place)) for place in look] for look in places]
        followed = follow(found)
        assert len(followed) == len(found)
        assert all(
            pose is None or pose in poses for pose, poses in zip(followed, found, strict=True)
        )
        assert any(followed) == any(places)


class TestPath:
    def test_a_mouth_that_rests_stays_where_it_is(self):
        assert path_of([at(50)] * 10, between=3) == pytest.approx(np.tile(at(50), (30, 1)))

    def test_steady_motion_is_kept_between_the_looks(self):
        path = path_of([at(2.0 * look) for look in range(20)], between=2)
        assert np.diff(path[10:28, 0]) == pytest.approx(1.0, abs=0.01)

    def test_missing_looks_are_bridged_and_the_ends_held(self):
        looks = [None, None, *[at(50)] * 6, *[None] * 10, *[at(80)] * 6, None, None]
        x = path_of(looks)[:, 0]
        assert x[0] == pytest.approx(50, abs=0.1)
        assert x[12] == pytest.approx(64.4, abs=1)
        assert x[-1] == pytest.approx(80, abs=0.1)
        assert (np.diff(x) >= 0).all()

    def test_a_single_outlier_counts_for_nothing(self):
        looks = [at(50)] * 9
        looks[4] = at(65, side=80)
        assert path_of(looks) == pytest.approx(np.tile(at(50), (9, 1)))

    def test_trembling_is_calmed(self):
        noise = np.random.default_rng(0).normal(0, 2, 200)
        x = path_of([at(50 + offset) for offset in noise])[:, 0]
        assert x.std() < 0.5 * noise.std()

    def test_the_path_is_the_same_at_every_rate(self):
        slow = path_of([at(50 + 10 * np.sin(look / 6)) for look in range(50)], fps=12.5)
        fast = path_of([at(50 + 10 * np.sin(look / 6)) for look in range(50)], between=8, fps=100.0)
        assert fast[::8][5:-5] == pytest.approx(slow[5:-5], abs=0.2)

    def test_one_look_is_enough(self):
        assert path_of([at(50), None]) == pytest.approx(np.tile(at(50), (2, 1)))


@given(st.floats(0.5, 500))
def test_faces_are_looked_for_often_enough(fps):
    detections_per_second = fps / frames_between_detections(fps)
    assert min(fps, 12.5) <= detections_per_second <= 25
