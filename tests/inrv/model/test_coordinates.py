import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.model.coordinates import CoordinatesConfig, axis_coordinates, grid_axes


@settings(deadline=None, max_examples=60)
@given(num=st.integers(1, 300), placement=st.sampled_from(["ends", "centers"]))
def test_samples_increase_evenly_and_mirror_each_other(num, placement):
    samples = axis_coordinates(num, placement)
    assert samples.shape == (num,)
    assert samples.dtype == torch.float32
    torch.testing.assert_close(samples, -samples.flip(0), atol=1e-7, rtol=0)
    steps = samples.double().diff()
    assert (steps > 0).all()
    if num > 1:
        expected = 2 / num if placement == "centers" else 2 / (num - 1)
        torch.testing.assert_close(steps, torch.full_like(steps, expected), atol=2e-7, rtol=0)


@settings(deadline=None, max_examples=60)
@given(num=st.integers(2, 200))
def test_ends_hold_the_end_points_and_the_grid_of_half_its_step(num):
    samples = axis_coordinates(num, "ends")
    assert samples[[0, -1]].tolist() == [-1.0, 1.0]
    assert torch.equal(axis_coordinates(2 * num - 1, "ends")[::2], samples)


@settings(deadline=None, max_examples=60)
@given(num=st.integers(1, 200))
def test_a_pixel_lies_between_the_two_that_it_is_split_into(num):
    pairs = axis_coordinates(2 * num, "centers").view(num, 2)
    torch.testing.assert_close(pairs.mean(dim=1), axis_coordinates(num, "centers"))


@pytest.mark.parametrize("placement", ["ends", "centers"])
def test_a_single_sample_lies_in_the_middle(placement):
    assert axis_coordinates(1, placement).tolist() == [0.0]


def test_axes_follow_their_own_placement():
    time, height, width = grid_axes((3, 2, 4), CoordinatesConfig())
    assert time.tolist() == [-1.0, 0.0, 1.0]
    assert height.tolist() == [-0.5, 0.5]
    assert width.tolist() == [-0.75, -0.25, 0.25, 0.75]
    published = grid_axes((3, 2, 4), CoordinatesConfig(space="ends"))
    assert published[1].tolist() == [-1.0, 1.0]
