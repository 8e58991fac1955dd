"""The encoders by name, and their descriptions in the configuration of a model."""

import dataclasses
from typing import Any, Literal, get_args

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.encoders.dctcn import DctcnConfig, DctcnEncoder
from videospace.lipreading.model.encoders.encoder import Encoder
from videospace.lipreading.model.encoders.lrwp import LrwpConfig, LrwpEncoder
from videospace.lipreading.model.encoders.ltcn import LtcnConfig, LtcnEncoder
from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_config import config_from_json

EncoderName = Literal["compact", "lrwp", "ltcn", "dctcn"]

NamedEncoder = CompactEncoder | LrwpEncoder | LtcnEncoder | DctcnEncoder

ENCODERS: dict[EncoderName, tuple[type[NamedEncoder], type[Any]]] = {
    "compact": (CompactEncoder, CompactConfig),
    "lrwp": (LrwpEncoder, LrwpConfig),
    "ltcn": (LtcnEncoder, LtcnConfig),
    "dctcn": (DctcnEncoder, DctcnConfig),
}
"""For every name, the class of the encoder and that of its configuration."""


def new_encoder(name: EncoderName) -> Encoder:
    """Make an untrained encoder with the default configuration.

    Args:
        name: `compact` trains on two processor cores; the others are meant for a GPU.

    Example:
        >>> new_encoder("compact").width
        256
    """
    return encoder_from_json(
        {"name": name, "config": dataclasses.asdict(ENCODERS[name][1]())}, name
    )


def encoder_to_json(encoder: Encoder) -> dict[str, Any]:
    """Describe an encoder by its name and configuration, for the configuration file of a model.

    Raises:
        UserError: The encoder is none of those with a name.
    """
    if not isinstance(encoder, NamedEncoder):
        raise UserError(
            f"expected one of the encoders {', '.join(ENCODERS)}, got {type(encoder).__name__}"
        )
    names = {kind: name for name, (kind, _) in ENCODERS.items()}
    return {"name": names[type(encoder)], "config": dataclasses.asdict(encoder.config)}


def encoder_from_json(content: Any, where: str) -> Encoder:
    """Make the untrained encoder that :func:`encoder_to_json` described.

    Args:
        content: The JSON object.
        where: The file and the path in it, for error messages.

    Raises:
        UserError: The name or a field is unknown, missing or of another type.

    Example:
        >>> described = encoder_to_json(new_encoder("compact"))
        >>> encoder_from_json(described, "config.json").width
        256
    """
    if not isinstance(content, dict) or content.keys() != {"name", "config"}:
        raise UserError(f"expected a name and a config for {where}, got {content!r:.80}")
    if content["name"] not in list(get_args(EncoderName)):
        raise UserError(
            f"expected one of the encoders {', '.join(ENCODERS)} for {where}, "
            f"got {content['name']!r:.80}"
        )
    kind, config = ENCODERS[content["name"]]
    return kind(config_from_json(config, content["config"], where))
