import math

import pytest
import torch

from videospace.inrv.model.coordinates import CoordinatesConfig, grid_axes
from videospace.inrv.model.positional_encoding import (
    EncodingConfig,
    encode_axes,
    encode_axis,
    gather_points,
)


def test_every_number_is_the_coordinate_a_sine_or_a_cosine():
    coordinates = torch.tensor([-0.8, 0.0, 0.3])
    encoded = encode_axis(coordinates, 3)
    for row, x in zip(encoded.tolist(), coordinates.tolist(), strict=True):
        sines = [math.sin(2**k * math.pi * x) for k in range(3)]
        cosines = [math.cos(2**k * math.pi * x) for k in range(3)]
        assert row == pytest.approx([x, *sines, *cosines], abs=1e-6)


def test_no_octaves_leave_the_coordinate_alone():
    assert encode_axis(torch.tensor([0.25]), 0).tolist() == [[0.25]]


def test_the_published_encoding_has_63_numbers():
    config = EncodingConfig(time_octaves=10, height_octaves=10, width_octaves=10)
    assert config.axis_widths == (21, 21, 21)


def test_the_highest_octave_has_as_many_cycles_as_its_docstring_says():
    samples = torch.linspace(-1, 1, 10_001)
    signs = encode_axis(samples, 5)[1:-1, 5].sign()  # the sine of the fifth octave
    assert (signs.diff().abs() > 1).sum() == 2 * 2**4 - 1


def test_gathered_points_are_the_encodings_of_their_coordinates():
    size, config = (3, 4, 5), EncodingConfig(time_octaves=1, height_octaves=2, width_octaves=3)
    axes = grid_axes(size, CoordinatesConfig())
    tables = encode_axes(axes, config)
    points = torch.randint(3 * 4 * 5, (2, 40))
    gathered = gather_points(tables, points)
    assert gathered.shape == (2, 40, 3 + 5 + 7)
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, 2)
    for batch in range(2):
        parts = [
            encode_axis(grid[points[batch], axis], octaves)
            for axis, octaves in enumerate(config.octaves)
        ]
        assert torch.equal(gathered[batch], torch.cat(parts, dim=1))
