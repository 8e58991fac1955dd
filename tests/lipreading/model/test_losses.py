import numpy as np
import pytest
import torch

from videospace.lipreading.model.losses import episode_loss, supervised_contrastive
from videospace.lipreading.model.variational import (
    Gaussians,
    VariationalConfig,
    divergence,
    variational_loss,
)


def test_contrastive_loss_known_value():
    embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    loss = supervised_contrastive(embeddings, torch.tensor([0, 0, 1]), 1.0)
    assert loss.item() == pytest.approx(np.log(1 + np.exp(-1)), abs=1e-6)


def test_episode_loss_ignores_who_speaks():
    torch.manual_seed(0)
    embeddings = torch.randn(2, 5, 2, 8)
    offset = 10 * torch.randn(2, 1, 1, 8)
    assert episode_loss(embeddings + offset, 0.1).item() == pytest.approx(
        episode_loss(embeddings, 0.1).item(), abs=1e-3
    )
    same = embeddings[:, :, :1].expand(-1, -1, 2, -1)
    assert episode_loss(same, 0.1) < 0.1 < episode_loss(embeddings, 0.1)


def test_losses_have_right_gradients():
    torch.manual_seed(0)
    labels = torch.tensor([0, 0, 1, 1])
    embeddings = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda e: supervised_contrastive(e, labels, 0.5), embeddings)
    assert torch.autograd.gradcheck(lambda e: episode_loss(e.view(1, 2, 2, 3), 0.5), embeddings)


def test_divergence_is_that_of_torch():
    torch.manual_seed(0)
    one, other = (Gaussians(torch.randn(4, 6), torch.randn(4, 6)) for _ in range(2))
    normals = [torch.distributions.Normal(g.mean, g.log_deviation.exp()) for g in (one, other)]
    expected = torch.distributions.kl_divergence(*normals).mean(1)
    torch.testing.assert_close(divergence(one, other), expected)


@pytest.mark.parametrize("distance", [True, False])
def test_variational_terms(distance):
    torch.manual_seed(0)
    source = torch.randn(3, 4, requires_grad=True)
    here = Gaussians(torch.zeros(3, 4), torch.zeros(3, 4))
    there = Gaussians(torch.ones(3, 4), torch.full((3, 4), -20.0))  # z̄ = 1, but for 1e-9
    labels = torch.tensor([0, 1, 2])

    def loss(**changes):
        config = VariationalConfig(alpha=0.0, distance=distance, **changes)
        return variational_loss(
            source, here, there, lambda e: e, labels, config, torch.Generator().manual_seed(0)
        )

    l1 = (source - 1).abs().mean().item() if distance else 0.0
    kl = divergence(here, there).mean().item()
    assert loss(gamma=2.0, beta=0.0).item() == pytest.approx(2 * l1, abs=1e-5)
    assert loss(beta=1e-18).item() == pytest.approx(l1 + 1e-18 * kl, rel=1e-4)
    subtracted = loss(beta=1e-18, kl_sign="subtract").item()
    assert subtracted == pytest.approx(l1 - 1e-18 * kl, rel=1e-4)
