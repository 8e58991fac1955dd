import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime.errors import UserError
from videospace.runtime.random import global_random_stream, random_stream

streams = st.tuples(
    st.integers(0, 2**40),
    st.sampled_from(["points", "clip order", "dropout", ""]),
    st.lists(st.integers(0, 10**6), max_size=3),
)


@given(streams, streams)
def test_only_equal_streams_have_equal_seeds(one, other):
    seeds = [random_stream(seed, name, *at).initial_seed() for seed, name, at in (one, other)]
    assert (seeds[0] == seeds[1]) == (one == other)


def test_streams_of_neighboring_positions_are_uncorrelated():
    draws = [torch.randn(500, generator=random_stream(0, "points", step)) for step in range(40)]
    assert torch.corrcoef(torch.stack(draws)).fill_diagonal_(0).abs().max() < 0.25


def test_a_negative_seed_is_an_error():
    with pytest.raises(UserError, match="seed"):
        random_stream(-1, "points")


def test_the_global_generator_is_restored_also_after_an_error():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    drawn = []

    def draw():
        with global_random_stream(0, "weights"):
            drawn.append(torch.rand(3))
            raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            draw()
    assert torch.equal(*drawn)
    assert torch.equal(torch.rand(3), expected)
