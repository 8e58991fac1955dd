"""The mouth model: an encoder, a clip embedding, and a classifier of words; its files."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from videospace.lipreading.data.batches import ClipBatch, InputConfig, clip_batch
from videospace.lipreading.model.embedding import EmbeddingConfig, segment_means
from videospace.lipreading.model.encoders.encoder import Encoder
from videospace.lipreading.model.encoders.registry import encoder_from_json, encoder_to_json
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json_file

FORMAT_VERSION = 1
CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "README.md"
INFERENCE_BATCH = 32
MAX_CONFIG_BYTES = 4 << 20
"""Hundreds of thousands of words and units."""
OLD_SCORERS = {"dtw-normalised": "dtw-normalized"}
"""Names of scorers in models of version 0.1, and what they are called now."""


class ClipEmbeddings(NamedTuple):
    """Embeddings of some clips."""

    clips: Float[Tensor, "clip embedding"]
    """One embedding per clip; its length has no meaning."""
    frames: list[Float[Tensor, "_ width"]]
    """For each clip, one embedding per frame."""
    unit_log_probabilities: list[Float[Tensor, "_ unit"]]
    """For each clip and frame, log-probabilities of "no unit" and of each unit."""


class MouthModel(nn.Module):
    """A lipreading model: an encoder, a clip embedding, and a classifier of words.

    Save it with :meth:`save_pretrained`, and open it with :meth:`from_pretrained`.

    Args:
        encoder: Network that embeds frames.
        words: Words of the classifier; empty for a model that was trained on none.
        units: Parts of words, such as visemes, that the model was trained to read; empty for none.
        input_config: Input of the encoder; None takes the defaults.
        embedding: How frame embeddings are pooled; None takes the defaults.
        calibration: For each set of scorers, as sorted names joined by ``+``, the weight of each.
        scores: Measurements for the model's card.

    Example:
        >>> from videospace.lipreading.model.encoders.registry import new_encoder
        >>> import numpy as np
        >>> model = MouthModel(new_encoder("compact"), ["yes", "no"])
        >>> clip = MouthClip(frames=np.zeros((10, 88, 88), np.uint8), fps=25.0)
        >>> model.embed([clip]).clips.shape
        torch.Size([1, 256])
    """

    def __init__(
        self,
        encoder: Encoder,
        words: Sequence[str],
        *,
        units: Sequence[str] = (),
        input_config: InputConfig | None = None,
        embedding: EmbeddingConfig | None = None,
        calibration: Mapping[str, Mapping[str, float]] | None = None,
        scores: Mapping[str, Any] | None = None,
    ):
        super().__init__()
        self.encoder = encoder
        self.words = list(words)
        self.units = list(units)
        self.input_config = input_config or InputConfig()
        self.embedding = embedding or EmbeddingConfig()
        self.calibration = {name: dict(each) for name, each in (calibration or {}).items()}
        self.scores = dict(scores or {})
        pooled_width = encoder.width * self.embedding.segments
        self.width = self.embedding.width or pooled_width
        self.head = nn.Linear(pooled_width, self.width) if self.embedding.width else nn.Identity()
        self.word_weights = nn.Parameter(torch.randn(len(self.words), self.width) * 0.1)
        self.unit_head = nn.Linear(encoder.width, len(self.units) + 1)

    @property
    def device(self) -> torch.device:
        """The device of the model."""
        return self.word_weights.device

    def forward(
        self, batch: ClipBatch
    ) -> tuple[Float[Tensor, "clip embedding"], Float[Tensor, "clip time width"]]:
        """Embed clips and frames.

        Args:
            batch: A batch on the model's device.

        Returns:
            One embedding per clip, and one per frame.
        """
        frames = self.encoder(batch.frames, batch.lengths)
        return self.head(segment_means(frames, batch.lengths, self.embedding.segments)), frames

    def word_logits(
        self, embeddings: Float[Tensor, "clip embedding"]
    ) -> Float[Tensor, "clip word"]:
        """Logits of the words: cosines between embeddings and weights, over the temperature."""
        cosines = functional.normalize(embeddings, dim=-1) @ functional.normalize(
            self.word_weights, dim=-1
        ).transpose(0, 1)
        return cosines / self.embedding.temperature

    def on_device(self, batch: ClipBatch) -> ClipBatch:
        """Move a batch to the model's device."""
        return ClipBatch(batch.frames.to(self.device), batch.lengths.to(self.device))

    @torch.no_grad()
    def embed(self, clips: Sequence[MouthClip], *, mirror: bool = False) -> ClipEmbeddings:
        """Embed clips for recognition.

        Args:
            clips: Clips at any frame rate, at most 12 seconds each.
            mirror: Also embed the mirror image of each clip, and take the mean of both.

        Returns:
            The embeddings, on the CPU.

        Raises:
            UserError: A clip is longer than 12 seconds.
        """
        was_training = self.training
        self.eval()
        whole, frames, units = [], [], []
        try:
            for start in range(0, len(clips), INFERENCE_BATCH):
                batch = clip_batch(clips[start : start + INFERENCE_BATCH], self.input_config)
                batch = self.on_device(batch)
                embedded, each = self(batch)
                if mirror:
                    other, other_each = self(ClipBatch(batch.frames.flip(-1), batch.lengths))
                    embedded, each = (embedded + other) / 2, (each + other_each) / 2
                log_units = self.unit_head(each).log_softmax(-1)
                whole.append(embedded.cpu())
                lengths = batch.lengths.tolist()
                frames += [row[:n].cpu() for row, n in zip(each, lengths, strict=True)]
                units += [row[:n].cpu() for row, n in zip(log_units, lengths, strict=True)]
        finally:
            self.train(was_training)
        return ClipEmbeddings(
            torch.cat(whole) if whole else torch.zeros(0, self.width), frames, units
        )

    def with_words(self, words: Sequence[str], units: Sequence[str] | None = None) -> "MouthModel":
        """Copy the model for another vocabulary; words and units of both keep their weights.

        Args:
            words: The new vocabulary.
            units: The new units; None keeps those of the model.
        """
        encoder = encoder_from_json(encoder_to_json(self.encoder), "encoder")
        copy = MouthModel(
            encoder,
            words,
            units=self.units if units is None else units,
            input_config=self.input_config,
            embedding=self.embedding,
        ).to(self.device)
        copy.encoder.load_state_dict(self.encoder.state_dict())
        copy.head.load_state_dict(self.head.state_dict())
        with torch.no_grad():
            for row, word in enumerate(copy.words):
                if word in self.words:
                    copy.word_weights[row] = self.word_weights[self.words.index(word)]
            for row, unit in enumerate([None, *copy.units]):  # the first row is "no unit"
                if unit is None or unit in self.units:
                    old = 0 if unit is None else 1 + self.units.index(unit)
                    copy.unit_head.weight[row] = self.unit_head.weight[old]
                    copy.unit_head.bias[row] = self.unit_head.bias[old]
        return copy

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the model to a folder, each file atomically.

        Args:
            folder: Folder to write to; it is made where it does not exist.

        Raises:
            UserError: The folder cannot be written to.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from error
        config = {
            "class": "MouthModel",
            "format_version": FORMAT_VERSION,
            "encoder": encoder_to_json(self.encoder),
            "input": dataclasses.asdict(self.input_config),
            "embedding": dataclasses.asdict(self.embedding),
            "words": self.words,
            "units": self.units,
            "calibration": self.calibration,
            "scores": self.scores,
        }
        tensors = {name: value.cpu() for name, value in self.state_dict().items()}
        checkpoint.save_tensors(folder / WEIGHTS_FILE, tensors)
        checkpoint.save_json(folder / CONFIG_FILE, config)
        name = config["encoder"]["name"]
        write_card(folder / CARD_FILE, encoder=name, words=self.words, scores=self.scores)

    @classmethod
    def from_pretrained(cls, folder: Path | str, device: str = "cpu") -> "MouthModel":
        """Open a model that :meth:`save_pretrained` wrote.

        Args:
            folder: Folder of the model.
            device: Device of the model, such as ``cpu`` or ``cuda``.

        Raises:
            UserError: The folder is no model, is damaged, or comes from a newer version.
        """
        folder = Path(folder)
        path = folder / CONFIG_FILE
        if not path.is_file():
            raise UserError(
                f"expected a lipreading model, but '{folder}' has no {CONFIG_FILE}: "
                "make one with videospace lipread pretrain"
            )
        content = _checked_config(read_json_file(path, max_bytes=MAX_CONFIG_BYTES), path)
        tensors, _ = checkpoint.load_tensors(folder / WEIGHTS_FILE)
        model = checkpoint.built_strictly(
            lambda: _from_config(content, path), tensors, folder / WEIGHTS_FILE
        )
        return model.to(device).eval()


def _checked_config(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Check all but the encoder, its input and the embedding."""
    version = content.get("format_version")
    if content.get("class") != "MouthModel" or type(version) is not int:
        raise UserError(f"expected the configuration of a lipreading model in '{path}'")
    if version > FORMAT_VERSION:
        raise UserError(
            f"'{path}' has format version {version}, but this videospace reads up to "
            f"{FORMAT_VERSION}: update it with pip install --upgrade videospace"
        )
    expected = {"class", "format_version", "encoder", "input", "embedding", "words", "units"}
    expected |= {"calibration", "scores"}
    if content.keys() != expected:
        odd = sorted(content.keys() ^ expected)[0]
        raise UserError(f"'{path}': the field '{odd}' is unknown or missing")
    for name in ("words", "units"):
        names = content[name]
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise UserError(f"expected a list of texts for '{path}': {name}, got {names!r:.80}")
    for name in ("calibration", "scores"):
        if not isinstance(content[name], dict):
            raise UserError(f"expected an object for '{path}': {name}, got {content[name]!r:.80}")
    calibration = _in_new_names(content["calibration"])
    for name, weights in calibration.items():
        parts = set(name.split("+"))
        if (
            not isinstance(weights, dict)
            or weights.keys() != parts
            or not all(type(weight) in (int, float) for weight in weights.values())
        ):
            raise UserError(
                f"expected a weight for each of {name} in '{path}', got {weights!r:.80}"
            )
        calibration[name] = {part: float(weight) for part, weight in weights.items()}
    return {**content, "calibration": calibration}


def _from_config(content: dict[str, Any], path: Path) -> MouthModel:
    return MouthModel(
        encoder_from_json(content["encoder"], f"'{path}': encoder"),
        content["words"],
        units=content["units"],
        input_config=config_from_json(InputConfig, content["input"], f"'{path}': input"),
        embedding=config_from_json(EmbeddingConfig, content["embedding"], f"'{path}': embedding"),
        calibration=content["calibration"],
        scores=content["scores"],
    )


def _in_new_names(calibration: dict[str, Any]) -> dict[str, Any]:
    """Rename the scorers in a calibration that version 0.1 wrote."""
    renamed = {}
    for key, weights in calibration.items():
        if isinstance(weights, dict):
            weights = {OLD_SCORERS.get(name, name): each for name, each in weights.items()}
        renamed["+".join(OLD_SCORERS.get(name, name) for name in key.split("+"))] = weights
    return renamed


MOST_WORDS = 40


def write_card(
    path: Path, *, encoder: str, words: Sequence[str], scores: Mapping[str, Any]
) -> None:
    """Write the card of a model.

    Args:
        path: File of the card.
        encoder: Name of the network.
        words: Words of the classifier.
        scores: Measurements to list.

    Raises:
        UserError: The folder cannot be written to.
    """
    named = ", ".join(words[:MOST_WORDS]) + (", …" if len(words) > MOST_WORDS else "")
    lines = [
        "# A model of mouthed words",
        "",
        f"Made by videospace: encoder `{encoder}`, {len(words)} words ({named or 'none yet'}).",
        "",
        "```sh",
        "videospace lipread new PROFILE --model THIS_FOLDER",
        "```",
        "",
        "It was trained on recordings of people's mouths, and is as private as the recordings are.",
        "",
        "## Training",
        "",
        *(f"- {name}: {value}" for name, value in scores.items()),
        *([] if scores else ["No measurements."]),
        "",
    ]
    with atomic_write(path) as unfinished:
        unfinished.write_text("\n".join(lines), encoding="utf-8")
