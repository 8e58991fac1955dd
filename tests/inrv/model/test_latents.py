import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.model.coordinates import axis_coordinates
from videospace.inrv.model.latents import keyframe_weights

TIMES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=9).map(torch.tensor)


class TestKeyframeWeights:
    @settings(max_examples=60, deadline=None)
    @given(times=TIMES, num_keyframes=st.integers(1, 40))
    def test_at_most_two_keyframes_have_weights_which_add_up_to_one(self, times, num_keyframes):
        weights = keyframe_weights(times, num_keyframes)
        assert weights.shape == (len(times), num_keyframes)
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(len(times)))
        assert ((weights > 0).sum(dim=1) <= 2).all()

    @settings(max_examples=60, deadline=None)
    @given(times=TIMES, num_keyframes=st.integers(2, 40))
    def test_linear_keyframes_are_interpolated_exactly(self, times, num_keyframes):
        keyframes = torch.linspace(-1, 1, num_keyframes)
        torch.testing.assert_close(
            keyframe_weights(times, num_keyframes) @ keyframes, times, atol=1e-5, rtol=0
        )

    @pytest.mark.parametrize("num_keyframes", [1, 2, 3, 5, 7, 40])
    def test_at_a_keyframe_it_alone_counts(self, num_keyframes):
        weights = keyframe_weights(axis_coordinates(num_keyframes, "ends"), num_keyframes)
        torch.testing.assert_close(weights, torch.eye(num_keyframes), atol=1e-5, rtol=0)

    def test_times_outside_a_clip_are_those_of_its_ends(self):
        weights = keyframe_weights(torch.tensor([-1.5, 7.0]), 3)
        assert weights.tolist() == [[1, 0, 0], [0, 0, 1]]
