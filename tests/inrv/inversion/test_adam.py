import torch

from videospace.inrv.inversion.adam import StableThenDecay, minimize_with_adam


def test_rows_do_not_touch_each_other():
    def found(rows: list[float]) -> torch.Tensor:
        position = torch.tensor(rows, requires_grad=True)
        minimize_with_adam([position], lambda: (position - 1).square(), rate=0.1, max_steps=50)
        return position.detach()

    assert torch.equal(found([3.0, 5.0])[:1], found([3.0, 7.0])[:1])


def test_steps_shrink_at_the_end():
    """The absolute value is as steep near its least point as far from it."""
    position = torch.tensor([3.0], requires_grad=True)
    minimize_with_adam([position], lambda: (position - 1).abs(), rate=0.1, max_steps=200)
    assert (position - 1).abs().item() < 0.005


class TestStableThenDecay:
    def test_a_falling_error_keeps_the_rate_until_the_decay(self):
        schedule, factors = StableThenDecay(100), []
        while not schedule.finished:
            factors.append(schedule.factor)
            schedule.report(0.9 ** len(factors))
        assert len(factors) == 100
        assert factors[:60] == [1.0] * 60
        assert factors[60:] == sorted(factors[60:], reverse=True)
        assert 0 < factors[-1] < 0.03

    def test_an_error_that_stands_still_ends_it_early(self):
        schedule = StableThenDecay(1000)
        while not schedule.finished:
            schedule.report(1.0)
        assert schedule.step == 2 * schedule.WINDOW + 400

    def test_a_single_step(self):
        schedule = StableThenDecay(1)
        assert not schedule.finished
        schedule.report(1.0)
        assert schedule.finished
