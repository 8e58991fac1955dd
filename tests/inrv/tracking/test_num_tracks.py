"""The number of tracks is that of the things that move."""

import numpy as np
import pytest
import torch
from tests.inrv.tracking.test_find_tracks import line, moving_blocks

from videospace.clips.synthetic.drawn_digits import drawn_digits
from videospace.clips.synthetic.moving_mnist import moving_mnist
from videospace.inrv.tracking.num_tracks import choose_num_tracks

PATHS = (
    line((8, 8), (8, 40)),
    line((24, 40), (24, 8)),
    line((40, 10), (36, 40)),
)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_blocks_are_counted(number):
    clip = moving_blocks(np.stack(PATHS[:number]))
    assert choose_num_tracks(clip[None]).num_tracks == number


def test_two_digits_are_two():
    clips = np.concatenate(list(moving_mnist(drawn_digits(0), num_clips=12, seed=1)))
    count = choose_num_tracks(torch.from_numpy(clips))
    assert count.num_tracks == 2
    assert list(count.unexplained) == sorted(count.unexplained, reverse=True)


@pytest.mark.parametrize(
    "clips",
    [
        torch.full((2, 9, 32, 32, 3), 90, dtype=torch.uint8),
        torch.randint(
            0, 256, (2, 9, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
        ),
        torch.zeros(1, 1, 16, 16, 3, dtype=torch.uint8),
        torch.zeros(1, 2, 16, 16, 3, dtype=torch.uint8),
    ],
    ids=["nothing moves", "noise", "one frame", "two frames"],
)
def test_without_things_that_move_there_are_no_tracks(clips):
    assert choose_num_tracks(clips).num_tracks == 0


def test_more_than_the_most_are_not_tried():
    clip = moving_blocks(np.stack(PATHS))
    count = choose_num_tracks(clip[None], max_tracks=2)
    assert (count.num_tracks, len(count.unexplained)) == (2, 3)
