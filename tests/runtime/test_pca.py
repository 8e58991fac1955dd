import pytest
import torch

from videospace.runtime import pca
from videospace.runtime.pca import principal_components


@pytest.mark.parametrize("shape", [(12, 40), (40, 12)])
def test_all_components_rebuild_the_samples(shape):
    samples = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    samples -= samples.mean(dim=0)
    found = principal_components(samples, 12)
    torch.testing.assert_close(found.scores @ found.components.T, samples, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        found.components.T @ found.components,
        torch.eye(found.components.shape[1]),
        atol=1e-5,
        rtol=0,
    )


def test_the_random_way_agrees_with_the_exact_one(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(120, 200, generator=generator) * 0.8 ** torch.arange(200)
    samples -= samples.mean(dim=0)
    exact = principal_components(samples, 6)
    monkeypatch.setattr(pca, "EXACT_UP_TO", 10)
    approximate = principal_components(samples, 6, seed=1)
    torch.testing.assert_close(approximate, exact, atol=1e-4, rtol=1e-4)
    assert torch.equal(approximate.scores, principal_components(samples, 6, seed=1).scores)


def test_the_random_way_leaves_the_global_generator_alone(monkeypatch):
    monkeypatch.setattr(pca, "EXACT_UP_TO", 10)
    state = torch.get_rng_state()
    principal_components(torch.randn(60, 70, generator=torch.Generator()), 4)
    assert torch.equal(torch.get_rng_state(), state)
