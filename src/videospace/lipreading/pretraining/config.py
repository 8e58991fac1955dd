"""Configuration of pretraining on other speakers."""

import dataclasses
from typing import Annotated

from msgspec import Meta

from videospace.lipreading.data.augmentation import STRONG, AugmentationConfig
from videospace.lipreading.data.batches import InputConfig
from videospace.lipreading.model.embedding import EmbeddingConfig
from videospace.lipreading.model.encoders.registry import EncoderName
from videospace.lipreading.pretraining.episodes import EpisodeConfig
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import Count, NotNegative, Seed, check_bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """A pretraining run: what is trained, and how."""

    encoder: EncoderName = "compact"
    """The network; ``compact`` trains on two processor cores."""
    input: InputConfig = InputConfig()
    """The input of the network."""
    embedding: EmbeddingConfig = EmbeddingConfig(segments=4)
    """How frame embeddings are pooled."""
    episode: EpisodeConfig = EpisodeConfig()
    """The clips of a step."""
    augmentation: AugmentationConfig = STRONG
    """How clips are varied."""
    word_weight: NotNegative = 1.0
    """Weight of classifying the words of the corpus, whoever speaks."""
    contrast_weight: NotNegative = 1.0
    """Weight of the supervised contrastive loss over all speakers of a step."""
    episode_weight: NotNegative = 1.0
    """Weight of the loss of one-shot recognition within each speaker."""
    unit_weight: NotNegative = 0.0
    """Weight of reading the units of words, such as visemes, where they are given."""
    mixup_alpha: NotNegative = 0.0
    """Parameter of mixup in the classification of words, which needs a second pass; 0 turns it
    off."""
    steps: Annotated[int, Meta(ge=1, le=10**9)] = 6000
    """Steps of the run, unless its time is up earlier."""
    learning_rate: NotNegative = 2e-3
    """Learning rate of AdamW after 100 steps of warm-up; a cosine schedule lowers it to zero."""
    weight_decay: NotNegative = 0.05
    """Weight decay of AdamW."""
    calibration_speakers: Count = 1
    """Speakers kept out of training to calibrate probabilities; at least two others stay."""
    calibration_words: Count = 0
    """Words kept out of training to calibrate probabilities of words that the model was not trained
    on; at least two others stay, and a speaker has to be kept out as well."""
    seed: Seed = 0
    """Seed of the weights, the episodes, the augmentation and dropout, at least 0."""

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.calibration_words and not self.calibration_speakers:
            raise UserError(
                "expected at least 1 of calibration_speakers to say the calibration_words, got 0"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainOptions:
    """How a run is carried out: time, device and progress."""

    time_budget_seconds: float | None = 1800.0
    """Training time after which the run ends, with its schedule; None for no limit."""
    checkpoint_seconds: float = 120.0
    """Time between two checkpoints."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    progress: bool | None = None
    """Show a progress bar with the time left; None shows it in a terminal only."""

    def __post_init__(self) -> None:
        if self.time_budget_seconds is not None and not self.time_budget_seconds > 0:
            raise UserError(f"expected time_budget_seconds above 0, got {self.time_budget_seconds}")
