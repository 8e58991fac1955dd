"""Reading and writing the folder of a space: configuration, weights, latents, encoder and card."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latent_flow import FlowConfig, LatentFlow
from videospace.inrv.model.latents import LatentConfig
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write
from videospace.runtime.reading.bounds import Fps, NumFrames, SidePx, check_bounds, check_clip_size
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json, read_json_file
from videospace.runtime.reading.renamed import with_renamed_modules

FORMAT_VERSION = 5
"""Version 1 had neither float16 nor ``about``; version 2 had the names of videospace 0.1; version 3
had no tracks; version 4 had no constant part of latents."""

SPACE_FILES = ("config.json", "model.safetensors", "codes.safetensors", "README.md")
CONFIG_FILE, WEIGHTS_FILE, CODES_FILE, CARD_FILE = SPACE_FILES
ENCODER_FILE = "encoder.safetensors"
"""Only where an encoder was trained; it holds the fingerprint of the weights it belongs to."""
FLOW_FILE = "flow.safetensors"
"""Only where a flow was trained; it holds the fingerprint, too."""
PREVIOUS_WEIGHTS_FILE = ".model.previous.safetensors"
"""The old weights, kept during a save until the codes that belong to the new ones are written."""

RENAMED_MODULES = {"mixer.mix": "latent_map.mlp", "mixer": "latent_map"}
"""The model's modules: new names by those of version 0.1."""
FIRST_MODULES = {new: old for old, new in RENAMED_MODULES.items()}
RENAMED_ENCODER_MODULES = {
    "look": "backbone",
    "gather": "neck",
    "decide": "head",
    "straight": "skip",
}
"""The encoder's modules: new names by those of version 0.1."""

Config = TypeVar("Config", EncoderConfig, FlowConfig)
StoredPrecision = Literal["float32", "float16"]
STORED_TYPES = {"float32": torch.float32, "float16": torch.float16}
"""Types of numbers in the files; all are converted to float32 when they are read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipShape:
    """The size and frame rate of a space's training clips, and the default of its renders.

    Raises:
        UserError: A number is too small, or too large.

    Example:
        >>> ClipShape(num_frames=25, height=64, width=96, fps=25.0).width
        96
    """

    num_frames: NumFrames
    """At least 1."""
    height: SidePx
    """In px, at least 1."""
    width: SidePx
    """In px, at least 1."""
    fps: Fps
    """Frames per second, above 0."""

    def __post_init__(self) -> None:
        check_clip_size(self.num_frames, self.height, self.width)
        check_bounds(self)


def write_space(
    folder: Path,
    model: InrvModel,
    latents: Float[Tensor, "clip latent"],
    ids: list[str],
    clip: ClipShape,
    *,
    scores: dict[str, Any],
    encoder: LatentEncoder | None,
    flow: LatentFlow | None,
    about: str,
    precision: StoredPrecision,
) -> None:
    """Write the files of a space, over those of an earlier save if there are any.

    Whenever the process is killed, the folder holds a space that opens: the old or the new one.

    Args:
        folder: Made where it does not exist.
        model: Its weights go into model.safetensors, its configuration into config.json.
        latents: Go into codes.safetensors.
        ids: Of the clips, in the order of the latents.
        clip: Size and rate of the clips.
        scores: By name, for the card.
        encoder: Stays in float32; None removes the encoder of an earlier save.
        flow: As the encoder.
        about: What the clips show, for the card.
        precision: Of weights and latents in the files.

    Raises:
        UserError: The folder cannot be written to, or a number is too large for the precision.
    """
    config = {
        "class": "VideoSpace",
        "format_version": FORMAT_VERSION,
        "about": about,
        "clip": dataclasses.asdict(clip),
        "model": dataclasses.asdict(model.config),
        "scores": scores,
    }
    weights = _rounded(model.state_dict(), precision)
    id_bytes = torch.frombuffer(bytearray("\n".join(ids).encode()), dtype=torch.uint8)
    codes = {**_rounded({"latents": latents}, precision), "ids": id_bytes}
    previous = folder / PREVIOUS_WEIGHTS_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / WEIGHTS_FILE).exists() and not previous.exists():
            with contextlib.suppress(OSError):  # some file systems have no links
                os.link(folder / WEIGHTS_FILE, previous)
    except OSError as error:
        raise cannot_write(folder, error) from error
    checkpoint.save_tensors(folder / WEIGHTS_FILE, weights)
    tie = model_fingerprint(_widened(weights))
    checkpoint.save_tensors(folder / CODES_FILE, codes, {"model": tie})
    previous.unlink(missing_ok=True)
    write_encoder(folder, encoder, tie)
    write_flow(folder, flow, tie)
    checkpoint.save_json(folder / CONFIG_FILE, config)
    _write_card(folder / CARD_FILE, config, len(ids))


def read_space(
    folder: Path,
) -> tuple[
    InrvModel,
    Float[Tensor, "clip latent"],
    list[str],
    ClipShape,
    dict[str, Any],
    LatentEncoder | None,
    str,
    LatentFlow | None,
]:
    """Read the files of a space, strictly.

    Returns:
        The arguments of :class:`videospace.inrv.space.video_space.VideoSpace`, in its order.

    Raises:
        UserError: The folder is no space, is damaged, or comes from a newer version.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise UserError(f"expected a space, but '{folder}' has no {CONFIG_FILE}")
    clip, config, scores, about = _read_config(read_json_file(path), path)
    codes, tie = checkpoint.load_tensors(folder / CODES_FILE)
    latents, ids = _read_codes(codes, folder / CODES_FILE, config.latent.total_width)
    weights = _read_weights(folder, tie.get("model"))
    model = checkpoint.built_strictly(lambda: InrvModel(config), weights, folder / WEIGHTS_FILE)
    if tie.get("model") != model_fingerprint(weights):
        raise UserError(
            f"'{folder / CODES_FILE}' belongs to other weights than '{folder / WEIGHTS_FILE}': "
            "take both from one copy, or if a training was stopped while saving, "
            "run the same command again"
        )
    encoder = _read_encoder(folder / ENCODER_FILE, config.latent, tie["model"])
    flow = _read_flow(folder / FLOW_FILE, config.latent, tie["model"])
    return model, latents, ids, clip, scores, encoder, about, flow


def write_encoder(folder: Path, encoder: LatentEncoder | None, fingerprint: str) -> None:
    """Write the encoder of a space, or remove that of an earlier save.

    Args:
        folder: Of the space.
        encoder: Of the space; None removes the file.
        fingerprint: Of the weights that the encoder belongs to.

    Raises:
        UserError: The folder cannot be written to.
    """
    _write_network(folder / ENCODER_FILE, encoder, fingerprint, "encoder")


def write_flow(folder: Path, flow: LatentFlow | None, fingerprint: str) -> None:
    """Write the flow of a space, or remove that of an earlier save.

    Args:
        folder: Of the space.
        flow: Of the space; None removes the file.
        fingerprint: Of the weights that the flow belongs to.

    Raises:
        UserError: The folder cannot be written to.
    """
    _write_network(folder / FLOW_FILE, flow, fingerprint, "flow")


def _write_network(
    path: Path, network: LatentEncoder | LatentFlow | None, fingerprint: str, kind: str
) -> None:
    if network is None:
        path.unlink(missing_ok=True)
        return
    about = {"model": fingerprint, "config": dataclasses.asdict(network.config)}
    checkpoint.save_tensors(path, network.state_dict(), {kind: json.dumps(about)})


def _read_encoder(path: Path, latent: LatentConfig, fingerprint: str) -> LatentEncoder | None:
    """Read the encoder; None where there is no file, or where it belongs to other weights."""
    with _hint_to_make_anew(path, "encoder"):
        found = _read_network(path, fingerprint, "encoder", EncoderConfig)
        if found is None:
            return None
        config, tensors = found
        tensors = with_renamed_modules(tensors, RENAMED_ENCODER_MODULES)
        encoder = checkpoint.built_strictly(lambda: LatentEncoder(config, latent), tensors, path)
    return encoder.eval().requires_grad_(False)


def _read_flow(path: Path, latent: LatentConfig, fingerprint: str) -> LatentFlow | None:
    """Read the flow; None where there is no file, or where it belongs to other weights."""
    with _hint_to_make_anew(path, "prior"):
        found = _read_network(path, fingerprint, "flow", FlowConfig)
        if found is None:
            return None
        config, tensors = found
        flow = checkpoint.built_strictly(lambda: LatentFlow(config, latent), tensors, path)
    return flow.eval().requires_grad_(False)


def _read_network(
    path: Path, fingerprint: str, kind: str, config_type: type[Config]
) -> tuple[Config, dict[str, Tensor]] | None:
    """Read configuration and weights; None where they belong to another space, or to none."""
    if not path.exists():
        return None
    tensors, notes = checkpoint.load_tensors(path)
    about = read_json(notes.get(kind, "{}"), f"'{path}'")
    if not isinstance(about, dict):
        raise UserError(f"'{path}': expected an object, got {about!r:.80}")
    if about.get("model") != fingerprint:
        return None
    return config_from_json(config_type, about.get("config"), f"'{path}'"), tensors


@contextlib.contextmanager
def _hint_to_make_anew(path: Path, command: str) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(f"{error}; or delete '{path}' and run 'videospace {command}'") from error


def _read_weights(folder: Path, expected: str | None) -> dict[str, Tensor]:
    """Read the weights that the codes belong to: the previous ones where a save was interrupted."""
    weights = _load_weights(folder / WEIGHTS_FILE)
    previous = folder / PREVIOUS_WEIGHTS_FILE
    if previous.exists() and model_fingerprint(weights) != expected:
        weights = _load_weights(previous)
    return weights


def _load_weights(path: Path) -> dict[str, Tensor]:
    """Read weights of any version and precision."""
    return _widened(with_renamed_modules(checkpoint.load_tensors(path)[0], RENAMED_MODULES))


def model_fingerprint(weights: Mapping[str, Tensor]) -> str:
    """Sixteen hexadecimal digits that name the weights of a model.

    Tensors are hashed under the names of version 0.1, so that latent files and encoders written by
    it still belong to their space.
    """
    return checkpoint.fingerprint(with_renamed_modules(weights, FIRST_MODULES))


def _rounded(tensors: dict[str, Tensor], precision: StoredPrecision) -> dict[str, Tensor]:
    """Convert tensors to the precision of the files."""
    rounded = {name: value.to(STORED_TYPES[precision]) for name, value in tensors.items()}
    for name, value in rounded.items():
        checkpoint.require_finite(value, f"{name} in {precision}")
    return rounded


def _widened(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convert tensors to float32."""
    return {name: value.to(torch.float32) for name, value in tensors.items()}


def _read_codes(
    tensors: dict[str, Tensor], path: Path, latent_width: int
) -> tuple[Float[Tensor, "clip latent"], list[str]]:
    """Check the tensors of codes.safetensors, and return latents and clip ids."""
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
        if (text := tensors["ids"]).dtype != torch.uint8 or text.ndim != 1:
            raise ValueError(f"got {text.dtype} of shape {tuple(text.shape)}")
        ids = text.numpy().tobytes().decode().split("\n")
    except ValueError as error:
        raise UserError(f"'{path}': expected the clip ids as UTF-8 text: {error}") from error
    if len(set(ids)) != len(latents):
        raise UserError(
            f"'{path}': expected {len(latents)} different clip ids, got {len(set(ids))}"
        )
    return latents.to(torch.float32), ids


def _read_config(
    content: dict[str, Any], path: Path
) -> tuple[ClipShape, ModelConfig, dict[str, Any], str]:
    """Check the content of config.json; return clip shape, model configuration, scores, about."""
    version = content.get("format_version")
    if content.get("class") != "VideoSpace" or type(version) is not int or version < 1:
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
        raise UserError(f"expected an object for '{path}': scores, got {content['scores']!r:.80}")
    if not isinstance(content["about"], str):
        raise UserError(f"expected a text for '{path}': about, got {content['about']!r:.80}")
    clip = config_from_json(ClipShape, content["clip"], f"'{path}': clip")
    is_older = version < FORMAT_VERSION  # then fields that came later have their defaults
    where = f"'{path}': model"
    model = config_from_json(ModelConfig, content["model"], where, with_defaults=is_older)
    return clip, model, content["scores"], content["about"]


def _write_card(path: Path, config: dict[str, Any], num_clips: int) -> None:
    """Write README.md: what the space is, how to open it, and its scores."""
    clip, model = config["clip"], config["model"]
    scores = [f"| {name} | {_text(value)} |" for name, value in config["scores"].items()]
    latent = model["latent"]
    num_keyframes, width, constant = (
        latent[name] for name in ("num_keyframes", "width", "constant_width")
    )
    lines = [
        "# A space of videos",
        "",
        f"Made by videospace from {num_clips} clips of {clip['num_frames']} frames, "
        f"{clip['height']}×{clip['width']} px, {clip['fps']:g} frames per second.",
        "",
        *([config["about"], ""] if config["about"] else []),
        "- latent: "
        + (constant > 0) * f"{constant} constant numbers, and "
        + f"{width} numbers"
        + (num_keyframes > 1) * f" at each of {num_keyframes} keyframes",
        *_about_tracks(latent),
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


def _about_tracks(latent: dict[str, Any]) -> list[str]:
    if not latent["num_tracks"]:
        return []
    return [
        f"- tracks: {latent['num_tracks']}, each with a look of {latent['look_width']} numbers and "
        f"a path of {latent['num_path_keyframes']} centers"
    ]


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
