"""Losses that bring the embeddings of clips of one word together."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def supervised_contrastive(
    embeddings: Float[Tensor, "clip embedding"], labels: Int[Tensor, " clip"], temperature: float
) -> Float[Tensor, ""]:
    """Supervised contrastive loss: clips should be nearer to those of their label than to others.

    Clips without another one of their label count as negatives only.

    Args:
        embeddings: One embedding per clip; their lengths do not matter.
        labels: Clips of equal label belong together.
        temperature: Divisor of the cosines.

    Example:
        >>> together = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        >>> loss = lambda labels: supervised_contrastive(together, torch.tensor(labels), 0.1).item()
        >>> loss([0, 0, 1, 1]) < 0.01 < loss([0, 1, 0, 1])
        True

    Source: Khosla et al., "Supervised contrastive learning", 2020, Eq. 2.
    """
    unit = functional.normalize(embeddings, dim=-1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    logits = (unit @ unit.transpose(0, 1) / temperature).masked_fill(itself, -torch.inf)
    log_fraction = logits - logits.logsumexp(1, keepdim=True)
    partner = (labels[:, None] == labels) & ~itself
    num_partners = partner.sum(1)
    has_partner = num_partners > 0
    total = log_fraction.where(partner, log_fraction.new_zeros(())).sum(1)
    losses = -total / num_partners.clamp(min=1)
    return (losses * has_partner).sum() / has_partner.sum().clamp(min=1)


def episode_loss(
    embeddings: Float[Tensor, "speaker word take embedding"], temperature: float
) -> Float[Tensor, ""]:
    """Loss of one-shot recognition: one take of each word is the shot, the others are tests.

    Each take is the shot in turn. Shots and tests are of the same speaker and, as in recognition,
    the mean of the speaker's shots is subtracted from all.

    Args:
        embeddings: At least two takes of each word.
        temperature: Divisor of the cosines.

    Source: Snell et al., "Prototypical networks for few-shot learning", 2017, Eq. 2, with the
    centered cosine of Wang et al., "SimpleShot", 2019.
    """
    num_speakers, num_words, num_takes, _ = embeddings.shape
    target = torch.arange(num_words, device=embeddings.device)
    target = target.view(1, -1, 1).expand(num_speakers, -1, num_takes - 1)
    losses = []
    for take in range(num_takes):
        shots = embeddings[:, :, take]
        others = [other for other in range(num_takes) if other != take]
        mean = shots.mean(1, keepdim=True)
        shots = functional.normalize(shots - mean, dim=-1)
        tests = functional.normalize(embeddings[:, :, others] - mean[:, :, None], dim=-1)
        logits = torch.einsum("swte,sve->swtv", tests, shots) / temperature
        losses.append(functional.cross_entropy(logits.flatten(0, 2), target.flatten()))
    return torch.stack(losses).mean()
