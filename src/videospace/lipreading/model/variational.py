"""Variational Encoders: a few real clips and many others meet in one distribution.

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
    """The terms of the objective."""

    alpha: float = 1.0
    """Weight of the classifier on both encoders."""
    gamma: float = 1.0
    """Weight of what draws the encoders together."""
    beta: float = 1e-3
    """Weight of the divergence within it."""
    kl_sign: Literal["add", "subtract"] = "add"
    """Whether the divergence is made small, or large as Eq. 2.2 and 2.4 are printed."""
    distance: bool = True
    """Whether there is a distance term; False is the thesis's ``-mod``."""
    source: Literal["real", "synthetic"] = "real"
    """Whose encoder recognizes in the end: trained on the real shots (2.3.1), while the target
    sees all clips, or on the synthetic ones (2.2.1), while the target sees the real ones."""

    def __post_init__(self) -> None:
        if min(self.alpha, self.beta, self.gamma) < 0:
            raise UserError("expected alpha, beta and gamma of at least 0")


class Gaussians(NamedTuple):
    """One normal distribution a clip, with independent dimensions."""

    mean: Float[Tensor, "clip embedding"]
    log_deviation: Float[Tensor, "clip embedding"]

    def drawn(self, generator: torch.Generator) -> Float[Tensor, "clip embedding"]:
        """Draw z = μ + σ⊙ε."""
        noise = torch.randn(self.mean.shape, generator=generator).to(self.mean.device)
        return self.mean + self.log_deviation.exp() * noise


class GaussianHead(nn.Module):
    """From an embedding e to its μ and log σ; it starts at μ = e and a small σ."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mean = nn.Linear(width, width)
        self.log_deviation = nn.Linear(width, width)
        nn.init.eye_(self.mean.weight)
        nn.init.zeros_(self.mean.bias)
        nn.init.zeros_(self.log_deviation.weight)
        nn.init.constant_(self.log_deviation.bias, -2.0)

    def forward(self, embeddings: Float[Tensor, "clip embedding"]) -> Gaussians:
        """The distribution of each clip; deviations stay between e⁻⁶ and e²."""
        return Gaussians(
            self.mean(embeddings), self.log_deviation(embeddings).clamp(min=-6.0, max=2.0)
        )


def divergence(one: Gaussians, other: Gaussians) -> Float[Tensor, " clip"]:
    """KL(one ‖ other) of each row, in nats a dimension.

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
    """The objective for pairs of a source clip and a target clip of one word each.

    Args:
        source: e of the source encoder.
        source_gaussians: (μ, σ) of the source.
        target_gaussians: (μ, σ) of the target, of which z̄ is drawn.
        classify: The shared classifier, from an embedding to logits.
        labels: Of the pairs.
        config: Its terms.
        generator: Where ε comes from.

    Returns:
        α·(CE(e) + CE(z̄)) + γ·(|e − stopgrad(z̄)| + β·KL(source ‖ target)).

    Source: thesis Eq. 2.2–2.4. Departs: +β·KL unless the sign is asked for as printed; the
    subtraction would drive the two distributions apart.
    """
    drawn = target_gaussians.drawn(generator)
    classification = functional.cross_entropy(classify(source), labels)
    classification = classification + functional.cross_entropy(classify(drawn), labels)
    pull = divergence(source_gaussians, target_gaussians).mean() * config.beta
    pull = pull if config.kl_sign == "add" else -pull
    if config.distance:
        pull = pull + (source - drawn.detach()).abs().mean()
    return config.alpha * classification + config.gamma * pull
