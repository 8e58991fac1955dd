import pytest
import torch

from videospace.inrv.model.latents import LatentConfig, keyframe_weights, whole_keyframes
from videospace.inrv.space.latent_prior import FREE_KEYFRAMES, LEAST_DEVIATION, LatentPrior
from videospace.runtime.errors import UserError


def coordinates_of(prior, latents):
    """The shortest coordinates of latents, as near as the directions allow."""
    inverse = torch.linalg.pinv(prior.basis.double(), rtol=LEAST_DEVIATION)
    return (latents - prior.mean) @ inverse.T.float()


def test_training_clips_are_like_a_unit_gaussian():
    latents = torch.randn(200, 6) @ torch.randn(6, 6) + 3
    coordinates = coordinates_of(LatentPrior.of(latents), latents)
    torch.testing.assert_close(coordinates.mean(dim=0), torch.zeros(6), atol=1e-4, rtol=0)
    torch.testing.assert_close(coordinates.T.cov(), torch.eye(6), atol=1e-3, rtol=0)


def test_coordinates_and_latents_are_each_others_inverse():
    latents = torch.randn(50, 6)
    prior = LatentPrior.of(latents)
    torch.testing.assert_close(prior.latents(coordinates_of(prior, latents)), latents)


def test_directions_in_which_nothing_varies_are_left_out():
    latents = torch.randn(50, 6)
    latents[:, 5] = 7
    prior = LatentPrior.of(latents)
    assert prior.num_directions == 5
    assert (prior.latents(torch.randn(4, 5))[:, 5] - 7).abs().max() < 1e-4


@pytest.mark.parametrize("latents", [torch.ones(1, 6), torch.ones(3, 6)])
def test_clips_without_variance(latents):
    with pytest.raises(UserError, match="clips"):
        LatentPrior.of(latents)


class TestConstantPart:
    """Latents of two constant numbers and three at each of four keyframes."""

    CONFIG = LatentConfig(width=3, num_keyframes=4, constant_width=2)

    @pytest.fixture
    def latents(self):
        return torch.randn(40, 14) @ torch.randn(14, 14) + 1

    def test_it_varies_as_in_the_clips(self, latents):
        basis = LatentPrior.of(latents, self.CONFIG).basis[:2]
        torch.testing.assert_close(basis @ basis.T, latents[:, :2].T.cov(), atol=1e-3, rtol=1e-3)

    def test_guesses_at_all_times_are_joined(self, latents):
        prior = LatentPrior.of(latents, self.CONFIG)
        weights = keyframe_weights(torch.linspace(-1, 1, 9), 4)
        guesses = weights @ whole_keyframes(latents[:5], self.CONFIG)
        found = prior.coordinates_over_time(guesses, weights, constant_width=2, noise_variance=1e-6)
        torch.testing.assert_close(prior.latents(found), latents[:5], atol=0.01, rtol=0.01)

    def test_it_is_the_posterior_of_all_guesses_at_once(self, latents):
        prior = LatentPrior.of(latents, self.CONFIG)
        weights = keyframe_weights(torch.linspace(-1, 0.5, 6), 4)
        guesses = torch.randn(2, 6, 5)
        found = prior.coordinates_over_time(guesses, weights, constant_width=2, noise_variance=0.3)
        shown = whole_keyframes(torch.eye(14), self.CONFIG)  # of each number, at all keyframes
        design = torch.einsum("tm,nmw->twn", weights, shown).flatten(0, 1)
        covariance = design @ prior.covariance @ design.T + 0.3 * torch.eye(30)
        residual = guesses.flatten(1) - design @ prior.mean
        expected = torch.linalg.solve(covariance, residual.T).T @ design @ prior.basis
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


class TestKeyframes:
    """Twelve clips of three keyframes with six numbers: fewer clips than numbers."""

    @pytest.fixture
    def latents(self):
        return torch.randn(12, 18) @ torch.randn(18, 18) + 2

    def test_the_covariance_of_draws_is_the_mixture(self, latents):
        prior = LatentPrior.of(latents, LatentConfig(width=6, num_keyframes=3))
        assert torch.equal(prior.mean, latents.mean(dim=0))
        centered = (latents - prior.mean).view(12, 3, 6)
        _, _, directions = torch.linalg.svd(centered.flatten(0, 1), full_matrices=False)
        free = torch.zeros(18, 18)
        for direction in directions:  # each changes over the keyframes as it does in the clips
            over_keyframes = (centered @ direction).T.cov()
            free += torch.kron(over_keyframes, torch.outer(direction, direction))
        expected = (1 - FREE_KEYFRAMES) * latents.T.cov() + FREE_KEYFRAMES * free
        torch.testing.assert_close(prior.basis @ prior.basis.T, expected, atol=1e-3, rtol=1e-3)

    def test_no_variance_is_lost_or_made_up(self, latents):
        """Over all keyframes together the mixture is the covariance of one keyframe's numbers."""
        basis = LatentPrior.of(latents, LatentConfig(width=6, num_keyframes=3)).basis
        blocks = (basis @ basis.T).view(3, 6, 3, 6)
        centered = (latents - latents.mean(dim=0)).view(36, 6)
        torch.testing.assert_close(
            torch.einsum("mfmg->fg", blocks), centered.T @ centered / 11, atol=1e-3, rtol=1e-3
        )

    def test_movements_that_no_clip_shows_have_coordinates(self, latents):
        mixed = torch.cat([latents[:4, :6], latents[4:8, 6:12], latents[8:, 12:]], dim=1)
        prior, whole = (
            LatentPrior.of(latents, LatentConfig(width=6, num_keyframes=3)),
            LatentPrior.of(latents),
        )
        for points in (latents, mixed):
            torch.testing.assert_close(
                prior.latents(coordinates_of(prior, points)), points, atol=1e-3, rtol=1e-3
            )
        nearest = whole.latents(coordinates_of(whole, mixed))  # on the plane of the twelve clips
        assert (nearest - mixed).norm() > 0.1 * (mixed - whole.mean).norm()

    def test_the_coordinates_are_the_shortest_that_lead_to_a_latent(self, latents):
        prior = LatentPrior.of(latents, LatentConfig(width=6, num_keyframes=3))
        assert prior.num_directions == 11 + 18
        coordinates = coordinates_of(prior, latents)
        _, _, directions = torch.linalg.svd(prior.basis)
        idle = directions[18:]  # ways to move without moving the latent
        torch.testing.assert_close(
            prior.latents(coordinates + 5 * torch.randn(12, 11) @ idle),
            prior.latents(coordinates),
            atol=1e-2,
            rtol=1e-3,
        )
        torch.testing.assert_close(coordinates @ idle.T, torch.zeros(12, 11), atol=1e-3, rtol=0)

    def test_their_square_is_the_mahalanobis_distance(self, latents):
        prior = LatentPrior.of(latents, LatentConfig(width=6, num_keyframes=3))
        offsets = torch.randn(5, 18)
        covariance = (prior.basis @ prior.basis.T).double()
        expected = (offsets @ torch.linalg.inv(covariance).float() * offsets).sum(dim=1)
        squares = coordinates_of(prior, prior.mean + offsets).square().sum(dim=1)
        torch.testing.assert_close(squares, expected, rtol=1e-2, atol=1e-2)


class TestCoordinatesOverTime:
    @pytest.mark.parametrize("num_keyframes", [1, 3])
    def test_latents_at_many_times_are_found_again(self, num_keyframes):
        prior = LatentPrior.of(
            torch.randn(60, 6 * num_keyframes), LatentConfig(width=6, num_keyframes=num_keyframes)
        )
        latents = prior.latents(torch.randn(2, prior.num_directions))
        times = torch.linspace(-1, 1, 12)
        weights = keyframe_weights(times, num_keyframes)
        at_frames = torch.einsum("tm,cmw->ctw", weights, latents.unflatten(1, (num_keyframes, -1)))
        found = prior.latents(prior.coordinates_over_time(at_frames, weights))
        assert (found - latents).norm() < 0.1 * (latents - prior.mean).norm()

    def test_keyframes_without_a_guess_follow_their_correlation(self):
        """All clips are still, so the first keyframe determines the others."""
        still = torch.randn(40, 6).tile(1, 3)
        prior = LatentPrior.of(still, LatentConfig(width=6, num_keyframes=3))
        latent = torch.randn(6)
        found = prior.coordinates_over_time(latent.expand(1, 1, 6), torch.tensor([[1.0, 0.0, 0.0]]))
        for keyframe in prior.latents(found)[0].unflatten(0, (3, 6)):
            assert torch.dot(keyframe, latent) / keyframe.norm() / latent.norm() > 0.95
