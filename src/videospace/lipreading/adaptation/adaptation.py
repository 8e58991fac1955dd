"""Training on a person's own clips: a classifier, or Variational Encoders.

Source: thesis 2.2–2.4.
"""

import dataclasses
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from videospace.lipreading.data.augmentation import (
    NO_AUGMENTATION,
    STRONG,
    AugmentationConfig,
    augmented_batch,
)
from videospace.lipreading.data.batches import ClipBatch, Frames, model_frames
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.losses import supervised_contrastive
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.model.variational import (
    GaussianHead,
    VariationalConfig,
    variational_loss,
)
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import unit_loss, unit_names
from videospace.runtime.errors import UserError
from videospace.runtime.progress import FractionBar, Progress
from videospace.runtime.random import random_stream


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdaptationConfig:
    """How a model is trained on a person's clips; the defaults are those of the thesis (2.3.1)."""

    learning_rate: float | None = None
    """Learning rate of Adam on the encoder, which a cosine schedule lowers to zero; None takes the
    encoder's own."""
    head_rate_ratio: float = 10.0
    """Learning rate of the new classifier over that of the encoder."""
    weight_decay: float = 1e-4
    """Weight decay of Adam."""
    epochs: int = 200
    """Passes over the clips."""
    batch: int = 16
    """Clips per step."""
    augmentation: AugmentationConfig = NO_AUGMENTATION
    """How clips are varied."""
    variational: VariationalConfig | None = None
    """Terms of Variational Encoders; None trains one encoder and its classifier."""
    unit_weight: float = 0.0
    """Weight of reading the units of words, where they are given (classifier only)."""
    footage_weight: float = 0.1
    """Weight of the contrastive loss on clips of unlabeled footage, where there are any."""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2:
            raise UserError(
                f"expected at least 1 epoch and 2 clips a step, got {self.epochs} and {self.batch}"
            )


Pair = tuple[int, int]
"""Rows of a clip for the source encoder and of one for the target encoder."""


Units = Mapping[str, Sequence[str]]


def adapted(
    model: MouthModel,
    shots: Sequence[LabeledClip],
    synthetic: Sequence[LabeledClip],
    config: AdaptationConfig,
    *,
    units: Units | None = None,
    footage: Sequence[MouthClip] = (),
    seed: int = 0,
    time_budget_seconds: float | None = None,
    progress: Progress = None,
) -> MouthModel:
    """Train a copy of the model on the words of a person.

    Args:
        model: A pretrained model.
        shots: The person's clips.
        synthetic: Clips of a second domain; words without a clip of the person are left out.
        config: How to train.
        units: The units of each word.
        footage: Unlabeled clips of the person.
        seed: Seed of the order, the augmentation, dropout and ε.
        time_budget_seconds: Most time to train; None for no limit beside the number of epochs.
        progress: Where progress is shown.

    Raises:
        UserError: There are fewer than two words, or the loss is not finite.
    """
    words = list(dict.fromkeys(shot.word for shot in shots))
    if len(words) < 2:
        raise UserError(f"expected clips of at least 2 words to train on, got {len(words)}")
    torch.manual_seed(random_stream(seed, "adaptation weights and dropout").initial_seed())
    units = units if config.unit_weight and units else {}
    student = model.with_words(words, unit_names(units, words) if units else None)
    _imprint(student, shots)
    second = [clip for clip in synthetic if clip.word in words]
    clips = [*shots, *second]
    frames = [model_frames(each.clip, model.input_config) for each in clips]
    labels = torch.tensor([words.index(each.word) for each in clips])
    unlabeled = [model_frames(clip, model.input_config) for clip in footage]
    trainer = _Trainer(student, config, units, unlabeled, seed)
    pairs = word_pairs(labels, len(shots), config.variational)
    steps_an_epoch = -(-len(pairs) // config.batch)
    total, started = config.epochs * steps_an_epoch, time.monotonic()
    with FractionBar(progress) as bar:
        for step, chosen in enumerate(
            batches(pairs, config, random_stream(seed, "adaptation order"))
        ):
            spent = (time.monotonic() - started) / (time_budget_seconds or float("inf"))
            fraction = max(step / total, spent)
            if fraction >= 1:
                break
            loss = trainer.take_step(frames, labels, chosen, fraction)
            bar.show(fraction, f"loss {loss:.2f}")
    return student.eval()


class _Trainer:
    """The networks that are trained, their optimizer, and one step."""

    def __init__(
        self,
        student: MouthModel,
        config: AdaptationConfig,
        units: Units,
        footage: Sequence[Frames],
        seed: int,
    ):
        self.student, self.config, self.footage = student, config, footage
        self.augmentation_stream = random_stream(seed, "adaptation augmentation")
        self.noise_stream = random_stream(seed, "adaptation noise")
        known = {unit: index + 1 for index, unit in enumerate(student.units)}
        self.spellings = [[known[u] for u in units.get(w, ())] for w in student.words]
        self.other: MouthModel | None = None
        fast: list[nn.Parameter] = [student.word_weights, *student.unit_head.parameters()]
        slow = [p for p in student.parameters() if all(p is not each for each in fast)]
        if config.variational:
            self.other = student.with_words(student.words)
            self.heads = nn.ModuleList([GaussianHead(student.width) for _ in range(2)])
            self.heads.to(student.device)
            slow += [*self.other.encoder.parameters(), *self.other.head.parameters()]
            fast += list(self.heads.parameters())
        rate = config.learning_rate or student.encoder.adaptation_rate
        rates = rate, rate * config.head_rate_ratio
        self.adam = torch.optim.Adam(
            [{"params": slow, "lr": rates[0]}, {"params": fast, "lr": rates[1]}],
            weight_decay=config.weight_decay,
        )
        self.rates = rates

    def take_step(
        self, frames: Sequence[Frames], labels: Tensor, chosen: Sequence[Pair], fraction: float
    ) -> float:
        """Take one step of Adam, and return the loss."""
        cosine = 0.5 * (1 + torch.cos(torch.tensor(torch.pi * fraction)).item())
        for group, rate in zip(self.adam.param_groups, self.rates, strict=True):
            group["lr"] = rate * cosine
        self.student.train()
        loss = self._word_loss(frames, labels, chosen)
        if len(self.footage) > 1 and self.config.footage_weight:
            loss = loss + self.config.footage_weight * self._footage_loss()
        if not torch.isfinite(loss):
            raise UserError(
                f"the loss became {loss.item()}: try a smaller learning_rate; nothing is changed"
            )
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        return float(loss.detach())

    def _word_loss(
        self, frames: Sequence[Frames], labels: Tensor, chosen: Sequence[Pair]
    ) -> Tensor:
        said = labels[[first for first, _ in chosen]].to(self.student.device)
        source = self._batch([frames[first] for first, _ in chosen])
        embeddings, each_frame = self.student(source)
        if self.other is None:
            loss = functional.cross_entropy(self.student.word_logits(embeddings), said)
            if self.config.unit_weight:
                spellings = [self.spellings[word] for word in said.tolist()]
                logits = self.student.unit_head(each_frame)
                loss = loss + self.config.unit_weight * unit_loss(logits, source.lengths, spellings)
            return loss
        assert self.config.variational
        self.other.train()
        target, _ = self.other(self._batch([frames[second] for _, second in chosen]))
        return variational_loss(
            embeddings,
            self.heads[0](embeddings),
            self.heads[1](target),
            self.student.word_logits,
            said,
            self.config.variational,
            self.noise_stream,
        )

    def _footage_loss(self) -> Tensor:
        """Contrastive loss: two variations of a clip should be nearer to each other than to others.

        Source: Chen et al., "A simple framework for contrastive learning of visual
        representations", 2020, Eq. 1.
        """
        order = torch.randperm(len(self.footage), generator=self.augmentation_stream)
        drawn = [self.footage[row] for row in order[: self.config.batch // 2].tolist()]
        embeddings, _ = self.student(self._batch([*drawn, *drawn], STRONG))
        same = torch.arange(len(drawn), device=self.student.device).repeat(2)
        return supervised_contrastive(embeddings, same, self.student.embedding.temperature)

    def _batch(
        self, frames: Sequence[Frames], augmentation: AugmentationConfig | None = None
    ) -> ClipBatch:
        student, chosen = self.student, augmentation or self.config.augmentation
        return student.on_device(
            augmented_batch(
                frames,
                student.input_config,
                chosen,
                self.augmentation_stream,
                side_px=student.encoder.needed_px,
            )
        )


def _imprint(model: MouthModel, shots: Sequence[LabeledClip]) -> None:
    """Initialize the classifier with the mean embedding of each word's clips."""
    unit = functional.normalize(model.embed([shot.clip for shot in shots]).clips, dim=-1)
    unit = unit.to(model.device)
    with torch.no_grad():
        for row, word in enumerate(model.words):
            own = [index for index, shot in enumerate(shots) if shot.word == word]
            model.word_weights[row] = unit[own].mean(0)


def word_pairs(labels: Tensor, num_real: int, config: VariationalConfig | None) -> list[Pair]:
    """Pair clips of the source and the target by word; for a classifier, each clip with itself."""
    numbers = range(len(labels))
    if config is None:
        return [(index, index) for index in numbers]
    has_second = num_real < len(labels)
    real, second = range(num_real), range(num_real, len(labels))
    sources, targets = (real, numbers)
    if config.source == "synthetic" and has_second:
        sources, targets = (second, real)
    of_word: dict[int, list[int]] = defaultdict(list)
    for index in sources:
        of_word[int(labels[index])].append(index)
    pairs = []
    for count, target in enumerate(targets):
        if partners := of_word[int(labels[target])]:
            pairs.append((partners[count % len(partners)], target))
    return pairs


def batches(
    pairs: Sequence[Pair], config: AdaptationConfig, generator: torch.Generator
) -> Iterator[list[Pair]]:
    """Iterate over batches of pairs for all epochs, each in another order."""
    for _ in range(config.epochs):
        order = torch.randperm(len(pairs), generator=generator).tolist()
        for start in range(0, len(order), config.batch):
            chosen = [pairs[index] for index in order[start : start + config.batch]]
            yield chosen if len(chosen) > 1 else chosen * 2  # batch statistics need two rows
