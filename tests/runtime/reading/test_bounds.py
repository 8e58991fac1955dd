"""Bounds that are declared with a field hold wherever a configuration is made."""

import dataclasses
import math
from typing import Annotated, Any

import numpy as np
import pytest
from msgspec import Meta

from videospace.inrv.model.encoder import EncoderConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.space.files import ClipShape
from videospace.inrv.training.config import BatchConfig, OptimizerConfig, TrainingConfig
from videospace.lipreading.data.batches import InputConfig
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import check_bounds, check_clip_size
from videospace.runtime.reading.json_config import config_from_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    depth: Annotated[int, Meta(ge=1, le=64)] = 3
    rate: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    most: Annotated[int, Meta(ge=1)] | None = None
    free: int = 0

    __post_init__ = check_bounds


@pytest.mark.parametrize(
    "fields",
    [{"depth": 1, "rate": 0.1}, {"depth": 64, "most": 10**9, "free": -5}, {"depth": np.int64(3)}],
)
def test_within_bounds(fields: dict[str, Any]) -> None:
    assert dataclasses.replace(Network(), **fields).depth == fields["depth"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depth", 0),
        ("depth", 65),
        ("rate", 0.0),
        ("rate", 1.0),
        ("rate", math.nan),
        ("rate", math.inf),
        ("most", 0),
        ("depth", True),
        ("depth", "3"),
    ],
)
def test_out_of_bounds(name: str, value: Any) -> None:
    with pytest.raises(UserError, match=name):
        check_bounds(_with(name, value))
    if not isinstance(value, float) or math.isfinite(value):
        content = {**dataclasses.asdict(Network()), name: value}
        with pytest.raises(UserError, match=f"here.{name}"):
            config_from_json(Network, content, "here")


def _with(name: str, value: Any) -> Network:
    network = Network()
    object.__setattr__(network, name, value)
    return network


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (InrConfig, {"num_hidden_layers": 10**9}),
        (InrConfig, {"sine_frequency": 0.0}),
        (EncoderConfig, {"side": 12}),
        (EncoderConfig, {"num_channels": 10**9}),
        (BatchConfig, {"important_fraction": 1.1}),
        (OptimizerConfig, {"average_decay": 1.0}),
        (TrainingConfig, {"seed": 2**64}),
        (InputConfig, {"fps": 1e6}),
        (ClipShape, {"num_frames": 10**9, "height": 4, "width": 4, "fps": 25.0}),
    ],
)
def test_configurations_check_themselves(kind: type[Any], fields: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(fields)).replace("num_frames", "frames")):
        kind(**fields)


@pytest.mark.parametrize("size", [(0, 4, 4), (4, -1, 4), (10**6, 10**4, 10**4)])
def test_sizes_that_no_clip_has(size: tuple[int, int, int]) -> None:
    with pytest.raises(UserError, match="pixel"):
        check_clip_size(*size)
