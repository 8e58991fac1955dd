import math

import pytest
import torch

from videospace.inrv.training.objective import (
    gaussian_divergence,
    pointwise_error,
    psnr_from_squared_error,
    squared_error,
)


def test_errors_of_every_clip_by_hand():
    prediction = torch.tensor([[[0.5, 0.0, 0.0]], [[1.0, 1.0, -1.0]]])
    target = torch.tensor([[[0.0, 0.0, 0.0]], [[0.0, 1.0, 1.0]]])
    squared = pointwise_error(prediction, target, "squared")
    assert squared.tolist() == pytest.approx([0.25 / 3, 5 / 3])
    assert pointwise_error(prediction, target, "absolute").tolist() == pytest.approx([0.5 / 3, 1.0])
    assert squared_error(prediction, target).item() == pytest.approx((0.25 + 5) / 6)


@pytest.mark.parametrize("loss", ["squared", "absolute"])
def test_gradients_of_the_error(loss):
    prediction = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    target = torch.randn(2, 3, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda p: pointwise_error(p, target, loss), prediction)


def test_the_report_carries_no_gradient():
    prediction = torch.randn(1, 2, 3, requires_grad=True)
    assert not squared_error(prediction, torch.zeros(1, 2, 3)).requires_grad


class TestGaussianRegularizer:
    def test_nothing_to_correct_in_a_standard_normal(self):
        latents = torch.tensor([[-1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
        assert gaussian_divergence(latents, torch.tensor([0]), latents[:1]).item() == 0

    def test_against_the_formula_of_two_gaussians(self):
        latents = torch.randn(50, 4, dtype=torch.float64) * 3 + 2
        mean, deviation = latents.mean(dim=0), latents.std(dim=0, unbiased=False)
        known = torch.distributions.kl_divergence(
            torch.distributions.Normal(mean, deviation),
            torch.distributions.Normal(torch.zeros(4).double(), torch.ones(4).double()),
        )
        rows = torch.tensor([7, 3])
        value = gaussian_divergence(latents, rows, latents[rows])
        torch.testing.assert_close(value, known.mean())

    def test_the_batch_takes_the_place_of_its_rows(self):
        latents, rows = torch.randn(6, 3), torch.tensor([4, 1])
        batch = torch.randn(2, 3)
        everyone = latents.clone()
        everyone[rows] = batch
        torch.testing.assert_close(
            gaussian_divergence(latents, rows, batch),
            gaussian_divergence(everyone, rows, everyone[rows]),
        )

    def test_gradients_flow_through_the_batch_alone(self):
        latents = torch.randn(5, 2, dtype=torch.float64)
        batch = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
        rows = torch.tensor([0, 2, 4])
        assert torch.autograd.gradcheck(lambda b: gaussian_divergence(latents, rows, b), batch)

    def test_clips_that_agree_in_a_number_are_infinitely_far(self):
        latents = torch.tensor([[1.0, 2.0], [1.0, 3.0]])
        assert gaussian_divergence(latents, torch.tensor([0]), latents[:1]).item() == math.inf


@pytest.mark.parametrize(("error", "psnr_db"), [(4.0, 0.0), (4e-3, 30.0), (0.0, math.inf)])
def test_psnr_of_known_errors(error, psnr_db):
    assert psnr_from_squared_error(error) == pytest.approx(psnr_db)
