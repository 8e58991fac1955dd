"""Variational Encoders: two encoders whose distributions of a word are brought together.

Source: thesis 2.2–2.3, Eq. 2.2–2.4.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class VariationalConfig:
    """The terms of the loss."""

    alpha: float = 1.0
    """Weight of the classification loss of both encoders."""
    gamma: float = 1.0
    """Weight of the terms that draw the encoders together."""
    beta: float = 1e-3
    """Weight of the divergence among these terms."""
    kl_sign: Literal["add", "subtract"] = "add"
    """Add the divergence to the loss, or subtract it as Eq. 2.2 and 2.4 are printed."""
    distance: bool = True
    """Use the distance term; False is the ``-mod`` of the thesis."""
    source: Literal["real", "synthetic"] = "real"
    """Clips that the encoder used for recognition is trained on: the real shots, while the target
    encoder is trained on all clips (2.3.1), or the synthetic clips, while the target encoder is
    trained on the real ones (2.2.1)."""

    def __post_init__(self) -> None:
        if min(self.alpha, self.beta, self.gamma) < 0:
            raise UserError("expected alpha, beta and gamma of at least 0")


class Gaussians(NamedTuple):
    """One normal distribution with independent dimensions for each clip."""

    mean: Float[Tensor, "clip embedding"]
    log_deviation: Float[Tensor, "clip embedding"]

    def drawn(self, generator: torch.Generator) -> Float[Tensor, "clip embedding"]:
        """Draw z = μ + σ⊙ε."""
        noise = torch.randn(self.mean.shape, generator=generator).to(self.mean.device)
        return self.mean + self.log_deviation.exp() * noise


class GaussianHead(nn.Module):
    """Maps an embedding e to μ and log σ; at first μ = e and σ is small."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mean = nn.Linear(width, width)
        self.log_deviation = nn.Linear(width, width)
        nn.init.eye_(self.mean.weight)
        nn.init.zeros_(self.mean.bias)
        nn.init.zeros_(self.log_deviation.weight)
        nn.init.constant_(self.log_deviation.bias, -2.0)

    def forward(self, embeddings: Float[Tensor, "clip embedding"]) -> Gaussians:
        """Compute the distribution of each clip, with deviations between e⁻⁶ and e²."""
        return Gaussians(
            self.mean(embeddings), self.log_deviation(embeddings).clamp(min=-6.0, max=2.0)
        )


def divergence(one: Gaussians, other: Gaussians) -> Float[Tensor, " clip"]:
    """Compute KL(one ‖ other) of each row, in nats per dimension.

    Example:
        >>> row = lambda mean: Gaussians(torch.tensor([[mean]]), torch.zeros(1, 1))
        >>> divergence(row(0.0), row(2.0)).item()
        2.0
    """
    variance_ratio = (2 * (one.log_deviation - other.log_deviation)).exp()
    offset = ((one.mean - other.mean) / other.log_deviation.exp()).square()
    return 0.5 * (variance_ratio + offset - 1 - variance_ratio.log()).mean(1)


def variational_loss(
    source: Float[Tensor, "clip embedding"],
    source_gaussians: Gaussians,
    target_gaussians: Gaussians,
    classify: Callable[[Tensor], Tensor],
    labels: Int[Tensor, " clip"],
    config: VariationalConfig,
    generator: torch.Generator,
) -> Float[Tensor, ""]:
    """Compute the loss of pairs of a source clip and a target clip of the same word.

    Args:
        source: Embedding e of the source encoder.
        source_gaussians: (μ, σ) of the source.
        target_gaussians: (μ, σ) of the target, from which z̄ is drawn.
        classify: The shared classifier, from an embedding to logits.
        labels: Words of the pairs.
        config: Weights of the terms.
        generator: Source of ε.

    Returns:
        α·(CE(e) + CE(z̄)) + γ·(|e − stopgrad(z̄)| + β·KL(source ‖ target)).

    Source: thesis Eq. 2.2–2.4.
    Departs: +β·KL by default, since the subtraction as printed would drive the two distributions
    apart.
    """
    drawn = target_gaussians.drawn(generator)
    classification = functional.cross_entropy(classify(source), labels)
    classification = classification + functional.cross_entropy(classify(drawn), labels)
    pull = divergence(source_gaussians, target_gaussians).mean() * config.beta
    pull = pull if config.kl_sign == "add" else -pull
    if config.distance:
        pull = pull + (source - drawn.detach()).abs().mean()
    return config.alpha * classification + config.gamma * pull
