"""A space on the disk: config.json, model.safetensors, codes.safetensors and a card."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write
from videospace.runtime.renamed import in_new_names, with_renamed_modules

FORMAT_VERSION = 3
"""1 knew neither half precision nor ``about``; 2 had the names of version 0.1."""
RENAMED_MODULES = {"mixer.mix": "latent_map.mlp", "mixer": "latent_map"}
"""New names of the model's modules by those of version 0.1."""
FIRST_MODULES = {new: old for old, new in RENAMED_MODULES.items()}
RENAMED_ENCODER_MODULES = {
    "look": "backbone",
    "gather": "neck",
    "decide": "head",
    "straight": "skip",
}
"""New names of the encoder's modules by those of version 0.1."""
CONFIG_FILE, WEIGHTS_FILE, CODES_FILE, CARD_FILE = SPACE_FILES = (
    "config.json",
    "model.safetensors",
    "codes.safetensors",
    "README.md",
)
ENCODER_FILE = "encoder.safetensors"
"""The encoder, where one was trained; it names the weights that it belongs to."""
PREVIOUS_WEIGHTS_FILE = ".model.previous.safetensors"
"""The weights that the codes on the disk belong to, while a save is between its two files."""
StoredPrecision = Literal["float32", "float16"]
STORED_TYPES = {"float32": torch.float32, "float16": torch.float16}
"""Of numbers on the disk; each file shows its own, and all become float32 when they are read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipShape:
    """What the clips of a space look like, unless a render says otherwise."""

    num_frames: int
    """Frames of a clip."""
    height: int
    """In px."""
    width: int
    """In px."""
    fps: float
    """Frames per second."""

    def __post_init__(self) -> None:
        if min(self.num_frames, self.height, self.width) < 1 or not self.fps > 0:
            raise UserError(f"expected at least 1 frame of 1x1 px and fps above 0, got {self}")


class SavedSpace(NamedTuple):
    """What the files of a space hold."""

    model: InrvModel
    latents: Tensor
    ids: list[str]
    clip: ClipShape
    scores: dict[str, Any]
    encoder: LatentEncoder | None = None
    about: str = ""


def write_space(folder: Path, space: SavedSpace, precision: StoredPrecision = "float32") -> None:
    """Write the files of a space over those of an earlier save, if there are any.

    Args:
        folder: Made where it does not exist.
        space: What they hold.
        precision: Of weights and codes in the files; an encoder stays in float32.

    Raises:
        UserError: The folder cannot be written to, or a number is too large for the precision.
    """
    config = {
        "class": "VideoSpace",
        "format_version": FORMAT_VERSION,
        "about": space.about,
        "clip": dataclasses.asdict(space.clip),
        "model": dataclasses.asdict(space.model.config),
        "scores": space.scores,
    }
    weights = _rounded(space.model.state_dict(), precision)
    ids = torch.frombuffer(bytearray("\n".join(space.ids).encode()), dtype=torch.uint8)
    codes = {**_rounded({"latents": space.latents}, precision), "ids": ids}
    previous = folder / PREVIOUS_WEIGHTS_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / WEIGHTS_FILE).exists() and not previous.exists():
            with contextlib.suppress(OSError):  # some file systems have no links
                os.link(folder / WEIGHTS_FILE, previous)
    except OSError as error:
        raise cannot_write(folder, error) from error
    checkpoint.save_tensors(folder / WEIGHTS_FILE, weights)
    tie = {"model": fingerprint(_widened(weights))}
    checkpoint.save_tensors(folder / CODES_FILE, codes, tie)
    previous.unlink(missing_ok=True)
    write_encoder(folder, space.encoder, tie["model"])
    checkpoint.save_json(folder / CONFIG_FILE, config)
    write_card(folder / CARD_FILE, config, len(space.ids))


def read_space(folder: Path) -> SavedSpace:
    """Read the files of a space, strictly.

    Raises:
        UserError: The folder is no space, is damaged, or comes from a newer version.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise UserError(f"expected a space, but '{folder}' has no {CONFIG_FILE}")
    clip, config, scores, about = _read_config(checkpoint.load_json(path), path)
    try:
        model = InrvModel(config)
    except (ValueError, RuntimeError, ArithmeticError) as error:  # such as a width below zero
        raise UserError(f"'{path}': model cannot be built: {error}") from error
    codes, tie = checkpoint.load_tensors(folder / CODES_FILE)
    latents, ids = _read_codes(codes, folder / CODES_FILE, config.latent.total_width)
    weights = _read_weights(folder, tie.get("model"))
    checkpoint.load_strictly(model, weights, folder / WEIGHTS_FILE)
    if tie.get("model") != fingerprint(weights):
        raise UserError(
            f"'{folder / CODES_FILE}' belongs to other weights than '{folder / WEIGHTS_FILE}': "
            "take both from one copy, or if a training was stopped while saving, "
            "run the same command again"
        )
    encoder = _read_encoder(folder / ENCODER_FILE, config.latent, tie["model"])
    return SavedSpace(model, latents, ids, clip, scores, encoder, about)


def write_encoder(folder: Path, encoder: LatentEncoder | None, fingerprint: str) -> None:
    """Write the encoder of a space, or take away the one of an earlier save.

    Args:
        folder: Of the space.
        encoder: Of the space.
        fingerprint: Of the weights that it belongs to.

    Raises:
        UserError: The folder cannot be written to.
    """
    path = folder / ENCODER_FILE
    if encoder is None:
        path.unlink(missing_ok=True)
        return
    about = {"model": fingerprint, "config": dataclasses.asdict(encoder.config)}
    checkpoint.save_tensors(path, encoder.state_dict(), {"encoder": json.dumps(about)})


def _read_encoder(path: Path, latent: LatentConfig, fingerprint: str) -> LatentEncoder | None:
    """The encoder of these weights; one of other weights is as good as none."""
    if not path.exists():
        return None
    try:
        tensors, notes = checkpoint.load_tensors(path)
        about = json.loads(notes.get("encoder", "{}"))
        if about.get("model") != fingerprint:
            return None
        config = checkpoint.config_from_json(EncoderConfig, about.get("config"), f"'{path}'")
        encoder = LatentEncoder(config, latent)
        tensors = with_renamed_modules(tensors, RENAMED_ENCODER_MODULES)
        checkpoint.load_strictly(encoder, tensors, path)
    except (ValueError, RuntimeError) as error:  # such as a layer that memory does not hold
        raise UserError(f"{error}; or delete '{path}' and run 'videospace encoder'") from error
    return encoder.eval().requires_grad_(False)


def _read_weights(folder: Path, expected: str | None) -> dict[str, Tensor]:
    """The weights, or those before them where an interrupted save left the codes behind."""
    weights = _load_weights(folder / WEIGHTS_FILE)
    previous = folder / PREVIOUS_WEIGHTS_FILE
    if previous.exists() and fingerprint(weights) != expected:
        weights = _load_weights(previous)
    return weights


def _load_weights(path: Path) -> dict[str, Tensor]:
    return _widened(with_renamed_modules(checkpoint.load_tensors(path)[0], RENAMED_MODULES))


def fingerprint(weights: Mapping[str, Tensor]) -> str:
    """Sixteen hexadecimal digits that name the weights of a model.

    The weights count under the names of version 0.1: what was written then for a space, such as
    latent files, belongs to it still.
    """
    return checkpoint.fingerprint(with_renamed_modules(weights, FIRST_MODULES))


def _rounded(tensors: dict[str, Tensor], precision: StoredPrecision) -> dict[str, Tensor]:
    """As they are written."""
    rounded = {name: value.to(STORED_TYPES[precision]) for name, value in tensors.items()}
    for name, value in rounded.items():
        checkpoint.require_finite(value, f"{name} in {precision}")
    return rounded


def _widened(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As they are used."""
    return {name: value.to(torch.float32) for name, value in tensors.items()}


def _read_codes(
    tensors: dict[str, Tensor], path: Path, latent_width: int
) -> tuple[Tensor, list[str]]:
    if tensors.keys() != {"latents", "ids"}:
        raise UserError(f"'{path}': expected latents and ids, got {', '.join(tensors)}")
    latents = tensors["latents"]
    is_stored = latents.dtype in STORED_TYPES.values()
    if latents.ndim != 2 or latents.shape[1] != latent_width or not is_stored:
        raise UserError(
            f"'{path}': expected latents of {latent_width} numbers in "
            f"{' or '.join(STORED_TYPES)}, got {latents.dtype} of shape {tuple(latents.shape)}"
        )
    checkpoint.require_finite(latents, f"'{path}': latents")
    try:
        ids = bytes(tensors["ids"].tolist()).decode().split("\n")
    except (ValueError, TypeError) as error:
        raise UserError(f"'{path}': expected the clip ids as UTF-8 text: {error}") from error
    if len(set(ids)) != len(latents):
        raise UserError(
            f"'{path}': expected {len(latents)} different clip ids, got {len(set(ids))}"
        )
    return latents.to(torch.float32), ids


def _read_config(
    content: dict[str, Any], path: Path
) -> tuple[ClipShape, ModelConfig, dict[str, Any], str]:
    version = content.get("format_version")
    if content.get("class") != "VideoSpace" or not isinstance(version, int):
        raise UserError(f"expected the configuration of a VideoSpace in '{path}'")
    if version > FORMAT_VERSION:
        raise UserError(
            f"'{path}' has format version {version}, but this videospace reads up to "
            f"{FORMAT_VERSION}: update it with pip install --upgrade videospace"
        )
    if version == 1:
        content.setdefault("about", "")
    expected = {"class", "format_version", "about", "clip", "model", "scores"}
    if content.keys() != expected:
        odd = sorted(content.keys() ^ expected)[0]
        raise UserError(f"'{path}': the field '{odd}' is unknown or missing")
    if not isinstance(content["scores"], dict):
        raise UserError(f"expected an object for '{path}': scores, got {content['scores']!r}")
    if not isinstance(content["about"], str):
        raise UserError(f"expected a text for '{path}': about, got {content['about']!r}")
    with contextlib.suppress(KeyError, AttributeError, TypeError):  # which the next lines name
        latent = in_new_names(LatentConfig, content["model"]["latent"])
        content["model"]["latent"] = {"num_keyframes": 1, **latent}  # unknown to the first version
    clip = checkpoint.config_from_json(ClipShape, content["clip"], f"'{path}': clip")
    model = checkpoint.config_from_json(ModelConfig, content["model"], f"'{path}': model")
    return clip, model, content["scores"], content["about"]


def write_card(path: Path, config: dict[str, Any], num_clips: int) -> None:
    """Write the card beside the weights."""
    clip, model = config["clip"], config["model"]
    scores = [f"| {name} | {_text(value)} |" for name, value in config["scores"].items()]
    num_keyframes, width = model["latent"]["num_keyframes"], model["latent"]["width"]
    lines = [
        "# A space of videos",
        "",
        f"Made by videospace from {num_clips} clips of {clip['num_frames']} frames, "
        f"{clip['height']}×{clip['width']} px, {clip['fps']:g} frames per second.",
        "",
        *([config["about"], ""] if config["about"] else []),
        f"- latent: {width} numbers"
        + (num_keyframes > 1) * f" at each of {num_keyframes} keyframes",
        f"- hypernetwork: {model['hypernetwork']['kind']}",
        f"- INR: {model['inr']['num_hidden_layers']} hidden layers of "
        f"{model['inr']['hidden_width']} units, {model['inr']['activation']}",
        "",
        "```python",
        "from videospace import VideoSpace",
        "",
        'space = VideoSpace.from_pretrained("this folder")',
        "videos = space.render(space.sample(4))",
        "```",
        "",
        "## Scores",
        "",
        *(["| what | value |", "|---|---|", *scores] if scores else ["Not measured."]),
        "",
    ]
    with atomic_write(path) as unfinished:
        unfinished.write_text("\n".join(lines), encoding="utf-8")


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
