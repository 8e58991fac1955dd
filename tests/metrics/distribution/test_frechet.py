import pytest
import scipy.linalg
import torch

from videospace.metrics.distribution.frechet import frechet_distance
from videospace.runtime.errors import UserError


def test_it_is_the_published_formula():
    one, other = torch.randn(50, 6).double(), (2 * torch.randn(70, 6) + 1).double()
    means = one.mean(dim=0) - other.mean(dim=0)
    covariances = one.T.cov(), other.T.cov()
    root = torch.from_numpy(scipy.linalg.sqrtm((covariances[0] @ covariances[1]).numpy()).real)
    expected = means @ means + sum(c.trace() for c in covariances) - 2 * root.trace()
    assert frechet_distance(one, other) == pytest.approx(expected.item(), rel=1e-6)


def test_it_is_zero_for_one_set_symmetric_and_grows_with_a_shift():
    features = torch.randn(20, 40)  # fewer samples than features
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)
    shifted = features + 2
    assert frechet_distance(features, shifted) == pytest.approx(160, rel=1e-5)
    other = torch.randn(30, 40)
    assert frechet_distance(features, other) == pytest.approx(frechet_distance(other, features))


def test_a_single_sample_has_no_covariance():
    with pytest.raises(UserError, match="samples"):
        frechet_distance(torch.randn(5, 4), torch.randn(1, 4))
