import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.training.optimizers import (
    MovingAverage,
    RowAdam,
    learning_rate_factor,
    shorten_gradients,
)


class TestLearningRate:
    def test_warm_up_is_linear_and_reaches_one(self):
        factors = [
            learning_rate_factor(0.0, step, warmup_steps=4, schedule="constant")
            for step in range(6)
        ]
        assert factors == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]

    @pytest.mark.parametrize(
        ("fraction", "expected"), [(0.0, 1.0), (1 / 3, 0.75), (0.5, 0.5), (1.0, 0.0), (1.4, 0.0)]
    )
    def test_cosine_at_known_places(self, fraction, expected):
        factor = learning_rate_factor(fraction, 100, warmup_steps=0, schedule="cosine")
        assert factor == pytest.approx(expected, abs=1e-12)

    @settings(deadline=None, max_examples=50)
    @given(st.floats(0, 1), st.integers(0, 1000), st.integers(0, 100))
    def test_never_outside_zero_and_one(self, fraction, step, warmup_steps):
        for schedule in ("constant", "cosine"):
            factor = learning_rate_factor(
                fraction, step, warmup_steps=warmup_steps, schedule=schedule
            )
            assert 0 <= factor <= 1


class TestMovingAverage:
    def model(self, value):
        model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(model.weight, value)
        return model

    def test_a_long_run_averages_with_the_decay(self):
        average = MovingAverage(self.model(0.0), decay=0.99)
        step = 10 * MovingAverage.EVERY * 1000
        average.update(self.model(1.0), step)
        assert average.weights["weight"].item() == pytest.approx(1 - 0.99**10, rel=1e-5)

    def test_at_the_start_it_follows_at_once(self):
        average = MovingAverage(self.model(0.0), decay=0.999)
        average.update(self.model(1.0), step=0)
        assert average.weights["weight"].item() == pytest.approx(1 - 1 / 100)

    def test_it_moves_only_every_so_many_steps(self):
        average = MovingAverage(self.model(0.0), decay=0.5)
        for step in range(1, MovingAverage.EVERY):
            average.update(self.model(1.0), step)
        assert average.weights["weight"].item() == 0
        average.update(self.model(1.0), MovingAverage.EVERY)
        assert average.weights["weight"].item() > 0.5

    def test_a_decay_of_zero_is_the_model_itself(self):
        average = MovingAverage(self.model(0.0), decay=0.0)
        average.update(self.model(0.7), step=20)
        assert average.weights["weight"].item() == pytest.approx(0.7)

    def test_it_keeps_its_own_copy(self):
        model = self.model(1.0)
        average = MovingAverage(model, decay=0.9)
        torch.nn.init.constant_(model.weight, 5.0)
        assert average.weights["weight"].item() == 1


class TestRowAdam:
    def test_with_every_row_in_every_batch_it_is_adam(self):
        table = torch.randn(6, 4)
        dense = table.clone().requires_grad_()
        reference = torch.optim.Adam([dense], lr=0.03, betas=(0.9, 0.999))
        rows_adam = RowAdam(table)
        for step in range(40):
            reference.param_groups[0]["lr"] = rate = 0.03 / (1 + step / 10)
            gradient = torch.randn(6, 4) * 10.0 ** (step % 3 - 1)
            dense.grad = gradient.clone()
            reference.step()
            rows = torch.randperm(6)
            rows_adam.step(rows, gradient[rows], rate)
        torch.testing.assert_close(table, dense.detach(), atol=1e-5, rtol=1e-5)

    def test_rows_that_are_not_in_the_batch_stay_as_they_are(self):
        table = torch.randn(5, 3)
        before = table.clone()
        adam = RowAdam(table)
        adam.step(torch.tensor([3, 0]), torch.randn(2, 3), 0.1)
        assert torch.equal(table[[1, 2, 4]], before[[1, 2, 4]])
        assert adam.steps.tolist() == [1, 0, 0, 1, 0]
        assert adam.square[[1, 2, 4]].abs().sum() == 0

    def test_a_row_that_joins_late_starts_as_fresh_as_the_first(self):
        table = torch.zeros(2, 3)
        adam, gradient = RowAdam(table), torch.tensor([[0.5, -2.0, 1e-3]])
        for _ in range(7):
            adam.step(torch.tensor([0]), torch.randn(1, 3), 0.1)
        adam.step(torch.tensor([1]), gradient, 0.1)
        torch.testing.assert_close(table[1], -0.1 * gradient[0].sign(), atol=1e-4, rtol=0)

    def test_it_finds_the_bottom_of_a_bowl(self):
        table = torch.full((3, 2), 2.0)
        adam = RowAdam(table)
        for step in range(400):
            rows = torch.tensor([step % 3])
            adam.step(rows, 2 * table[rows], 0.05 * 0.5 * (1 + math.cos(math.pi * step / 400)))
        assert table.abs().max() < 0.05


class TestShortenGradients:
    def test_the_first_step_sets_what_is_usual(self):
        gradients = [torch.tensor([3.0]), torch.tensor([4.0])]
        assert shorten_gradients(gradients, None, 1.5) == pytest.approx(5.0)
        assert [g.item() for g in gradients] == [3.0, 4.0]

    def test_usual_gradients_stay(self):
        gradients = [torch.tensor([3.0]), torch.tensor([4.0])]
        assert shorten_gradients(gradients, 4.0, 1.5) == pytest.approx(0.98 * 4 + 0.02 * 5)
        assert [g.item() for g in gradients] == [3.0, 4.0]

    def test_a_sudden_one_is_shortened_with_all_others(self):
        gradients = [torch.tensor([30.0]), torch.tensor([40.0])]
        usual = shorten_gradients(gradients, 4.0, 1.5)
        assert [g.item() for g in gradients] == pytest.approx([3.6, 4.8])
        assert usual == pytest.approx(0.98 * 4 + 0.02 * 6)  # it cannot lift the mean at once
