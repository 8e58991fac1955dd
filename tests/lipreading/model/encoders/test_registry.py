"""Encoders by name."""

import json

import pytest
import torch

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.encoders.encoder import Encoder
from videospace.lipreading.model.encoders.ltcn import LtcnConfig, LtcnEncoder
from videospace.lipreading.model.encoders.registry import (
    ENCODERS,
    encoder_from_json,
    encoder_to_json,
    new_encoder,
)
from videospace.runtime.errors import UserError


@pytest.mark.parametrize(
    ("name", "width", "million"),
    [("compact", 256, 0.52), ("lrwp", 2048, 58.5), ("ltcn", 768, 36.0), ("dctcn", 1664, 52.2)],
)
def test_every_name_makes_its_encoder(name, width, million):
    with torch.device("meta"):
        encoder = new_encoder(name)
    assert isinstance(encoder, ENCODERS[name][0])
    assert encoder.width == width
    num_parameters = sum(parameter.numel() for parameter in encoder.parameters())
    assert num_parameters / 1e6 == pytest.approx(million, rel=0.02)


@pytest.mark.parametrize(
    ("encoder", "config"),
    [
        (CompactEncoder, CompactConfig(channels=4, hidden=6)),
        (LtcnEncoder, LtcnConfig(activation="prelu")),
    ],
)
def test_a_description_makes_the_same_encoder(encoder, config):
    with torch.device("meta"):
        described = json.loads(json.dumps(encoder_to_json(encoder(config))))
        again = encoder_from_json(described, "config.json")
    assert type(again) is encoder
    assert again.config == config


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"name": "resnet", "config": {}}, "resnet"),
        ({"name": ["compact"], "config": {}}, "compact"),
        ({"name": "compact"}, "a name and a config"),
        ("compact", "a name and a config"),
        ({"name": "ltcn", "config": {"dropout": 0.1}}, "activation"),
        (
            {"name": "ltcn", "config": {"dropout": 0.1, "activation": "tanh"}},
            "activation",
        ),
        ({"name": "dctcn", "config": {"dropout": 0.1, "depth": 3}}, "depth"),
    ],
)
def test_a_wrong_description_is_refused(content, message):
    with pytest.raises(UserError, match=message):
        encoder_from_json(content, "here")


def test_a_nameless_encoder_cannot_be_described():
    class Stranger(Encoder):
        width = 1

        def forward(self, frames, lengths):
            return frames.mean((2, 3))[..., None]

    with pytest.raises(UserError, match="Stranger"):
        encoder_to_json(Stranger())
