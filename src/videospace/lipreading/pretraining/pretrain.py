"""Pretraining of a model on other speakers."""

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from videospace.lipreading.data.augmentation import augmented_batch, mixed_up
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.encoders.registry import new_encoder
from videospace.lipreading.model.losses import episode_loss, supervised_contrastive
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.phonetics.units import unit_loss, unit_names
from videospace.lipreading.pretraining.config import PretrainConfig, PretrainOptions
from videospace.lipreading.pretraining.episodes import Episode, EpisodeSource
from videospace.lipreading.recognition.calibration import calibrate
from videospace.runtime.checkpoint import (
    fingerprint,
    load_strictly,
    load_tensors,
    require_finite,
    save_tensors,
)
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock
from videospace.runtime.interrupts import stop_on_signal
from videospace.runtime.native_libraries import limit_onednn_cache
from videospace.runtime.progress import FractionBar
from videospace.runtime.random import random_stream
from videospace.runtime.reading.bounds import Count, NotNegative
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json

STATE_FILE = "training.safetensors"
WARMUP_STEPS = 100
MAX_GRADIENT = 5.0
ADAM_STATE = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps for a parameter after its first step."""

Units = Mapping[str, Sequence[str]]


def pretrain(
    clips: Sequence[LabeledClip],
    out: Path | str | None,
    config: PretrainConfig | None = None,
    options: PretrainOptions | None = None,
    *,
    units: Units | None = None,
) -> MouthModel:
    """Train a model on clips of several speakers, or resume a run that was stopped.

    Args:
        clips: Clips of speakers other than the one who will use the model.
        out: Folder of the model; the same call with the same folder resumes. None keeps the model
            in memory only.
        config: What to train, and how; None takes the defaults.
        options: Time limit, device and progress; None takes the defaults.
        units: The units of each word, such as visemes, for ``unit_weight``.

    Returns:
        The model, calibrated on speakers kept out of training where there are enough. After an
        interrupt it is trained up to there and saved, and the same call resumes.

    Raises:
        UserError: There are too few clips, the folder has another run or cannot be written to, or
            the loss is not finite.
    """
    config, options = config or PretrainConfig(), options or PretrainOptions()
    folder = None if out is None else Path(out)
    trained_on, kept_out = _split(clips, config)
    source = EpisodeSource(trained_on, config.episode, config.input)
    device = choose_device(options.device)
    limit_onednn_cache()
    with folder_lock(folder) if folder else nullcontext(), stop_on_signal() as stop:
        run = _Run(source.words, config, units or {}, device)
        content = _content(trained_on, units or {})
        if folder and (folder / STATE_FILE).exists():
            run.load(folder, content)
        started, before, last_save = time.monotonic(), run.seconds, time.monotonic()
        with FractionBar(options.progress) as bar:
            while (fraction := run.fraction(options)) < 1 and not stop.requested:
                loss = run.take_step(source.episode(run.step, config.seed), fraction)
                run.seconds = before + time.monotonic() - started
                bar.show(run.fraction(options), f"loss {loss:.2f}")
                if folder and time.monotonic() - last_save > options.checkpoint_seconds:
                    run.save(folder, content)
                    last_save = time.monotonic()
        model = run.model.eval()
        if run.fraction(options) >= 1:
            model.calibration = calibrate(model, kept_out, units=units)
        model.scores = {"steps": run.step, "seconds": round(run.seconds, 1)}
        if folder:
            run.save(folder, content)
    return model


def _split(
    clips: Sequence[LabeledClip], config: PretrainConfig
) -> tuple[list[LabeledClip], list[LabeledClip]]:
    """Split clips into those to train on and those of the speakers kept out for calibration.

    Words that are kept out are among the second only.
    """
    if not clips:
        raise UserError("expected clips of other speakers to train on, got none")
    generator = random_stream(config.seed, "speakers and words kept out")

    def some(names: set[str], wanted: int) -> set[str]:
        in_order = sorted(names)
        order = torch.randperm(len(in_order), generator=generator).tolist()
        return {in_order[index] for index in order[: min(wanted, max(0, len(in_order) - 2))]}

    speakers = some({clip.speaker for clip in clips}, config.calibration_speakers)
    words = some({clip.word for clip in clips}, config.calibration_words)
    trained_on = [c for c in clips if c.speaker not in speakers and c.word not in words]
    return trained_on, [clip for clip in clips if clip.speaker in speakers]


def _content(clips: Sequence[LabeledClip], units: Units) -> str:
    """Digest of the clips, words and units, to recognize a run on other ones."""
    frames = {
        f"{index} {clip.speaker}/{clip.word}": torch.from_numpy(
            clip.clip.frames[len(clip.clip.frames) // 2]
        )
        for index, clip in enumerate(clips)
    }
    spelled = json.dumps({word: list(of) for word, of in units.items()}, sort_keys=True)
    return fingerprint({**frames, f"units {spelled}": torch.zeros(1)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Progress:
    """The progress of a run, in its file."""

    step: Count
    seconds: NotNegative


class _Run:
    """The model, the optimizer and the progress of a run."""

    def __init__(
        self, words: Sequence[str], config: PretrainConfig, units: Units, device: torch.device
    ):
        torch.manual_seed(random_stream(config.seed, "lipreading weights").initial_seed())
        self.config = config
        names = unit_names(units, words) if config.unit_weight else []
        self.model = MouthModel(
            new_encoder(config.encoder),
            words,
            units=names,
            input_config=config.input,
            embedding=config.embedding,
        ).to(device)
        known = {name: index + 1 for index, name in enumerate(names)}
        self.spellings = [[known[u] for u in units.get(w, ())] if known else [] for w in words]
        self.adam = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.seconds = 0, 0.0

    def fraction(self, options: PretrainOptions) -> float:
        """Fraction of the run that is done, by steps or by time, whichever is more."""
        budget = options.time_budget_seconds
        return max(self.step / self.config.steps, self.seconds / budget if budget else 0.0)

    def take_step(self, episode: Episode, fraction: float) -> float:
        """Take one step of AdamW, and return the loss."""
        config = self.config
        cosine = 0.5 * (1 + torch.cos(torch.tensor(torch.pi * fraction)).item())
        for group in self.adam.param_groups:
            group["lr"] = config.learning_rate * cosine * min(1, (self.step + 1) / WARMUP_STEPS)
        torch.manual_seed(random_stream(config.seed, "dropout", self.step).initial_seed())
        self.model.train()
        loss = self.loss(episode, random_stream(config.seed, "augmentation", self.step))
        if not torch.isfinite(loss):
            said = sorted({self.model.words[word] for word in episode.words.tolist() if word >= 0})
            raise UserError(
                f"the loss became {loss.item()} in step {self.step} with the words "
                f"{', '.join(said[:5])}: try a smaller learning_rate (the last save is kept)"
            )
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT)
        self.adam.step()
        self.step += 1
        return float(loss.detach())

    def loss(self, episode: Episode, generator: torch.Generator) -> Tensor:
        """Compute the weighted sum of all terms."""
        config, model = self.config, self.model
        batch = augmented_batch(
            episode.clips,
            config.input,
            config.augmentation,
            generator,
            side_px=model.encoder.needed_px,
        )
        batch = model.on_device(batch)
        words, labels = episode.words.to(model.device), episode.labels.to(model.device)
        temperature = config.embedding.temperature
        embeddings, frames = model(batch)
        loss = config.contrast_weight * supervised_contrastive(embeddings, labels, temperature)
        grouped = embeddings.unflatten(0, episode.shape)
        loss = loss + config.episode_weight * episode_loss(grouped, temperature)
        known = words >= 0
        if config.word_weight and config.mixup_alpha and bool(known.all()):
            mixed, partner, fraction = mixed_up(batch, config.mixup_alpha, generator)
            logits = model.word_logits(model(mixed)[0])
            own = functional.cross_entropy(logits, words)
            other = functional.cross_entropy(logits, words[partner.to(words.device)])
            loss = loss + config.word_weight * (fraction * own + (1 - fraction) * other)
        elif config.word_weight and bool(known.any()):
            logits = model.word_logits(embeddings[known])
            loss = loss + config.word_weight * functional.cross_entropy(logits, words[known])
        if config.unit_weight:
            spellings = [self.spellings[word] if word >= 0 else [] for word in episode.words]
            units = unit_loss(model.unit_head(frames), batch.lengths, spellings)
            loss = loss + config.unit_weight * units
        return loss

    def save(self, folder: Path, content: str) -> None:
        """Save the state of the run, and the model."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.adam.state.get(parameter, {}).items():
                tensors[f"adam.{key}.{name}"] = value
        progress = dataclasses.asdict(_Progress(step=self.step, seconds=self.seconds))
        metadata = {
            "config": json.dumps(dataclasses.asdict(self.config), sort_keys=True),
            "progress": json.dumps(progress),
            "content": content,
        }
        save_tensors(folder / STATE_FILE, tensors, metadata)
        self.model.save_pretrained(folder)

    def load(self, folder: Path, content: str) -> None:
        """Load the state that :meth:`save` saved."""
        path = folder / STATE_FILE
        tensors, metadata = load_tensors(path)
        config = _saved_config(metadata)
        if config != self.config or metadata.get("content") != content:
            what = "settings" if config != self.config else "clips"
            raise UserError(
                f"'{folder}' holds a training with other {what}: repeat it as it was to resume "
                "it, or choose another folder"
            )
        try:
            model = {k.removeprefix("model."): v for k, v in tensors.items() if k[:6] == "model."}
            load_strictly(self.model, model, path)
            for name, parameter in self.model.named_parameters():
                moments = {
                    key: tensors[f"adam.{key}.{name}"]
                    for key in ADAM_STATE
                    if f"adam.{key}.{name}" in tensors
                }
                for key, value in moments.items():
                    shape = () if key == "step" else parameter.shape
                    if value.shape != shape or value.dtype != torch.float32:
                        raise UserError(f"adam.{key}.{name} has another shape or type")
                    require_finite(value, f"adam.{key}.{name}")
                if len(moments) not in (0, len(ADAM_STATE)):
                    raise UserError(f"adam lacks a part of {name}")
                self.adam.state[parameter] = moments
            content = read_json(metadata["progress"], "progress")
            progress = config_from_json(_Progress, content, "progress")
            self.step, self.seconds = progress.step, progress.seconds
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError(f"'{path}' is damaged ({error}): choose another folder") from error


def _saved_config(metadata: Mapping[str, str]) -> PretrainConfig | None:
    """Configuration of a saved run; None where this version cannot read it."""
    try:
        return config_from_json(PretrainConfig, read_json(metadata["config"], "config"), "config")
    except (KeyError, ValueError):  # a UserError is a ValueError
        return None
