"""Tracks as sprites: a picture for each track, moved along its path, that explains all frames.

Pictures and positions are estimated in turn. Where two things meet, positions that only follow the
nearest optimum may swap the two; so each frame is also searched as a whole, and dynamic programming
finds the best sequence of these hypotheses.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

PICTURE_RADIUS = 0.45
"""Standard deviation of the window that fades a picture out, where a frame is 2 wide."""
REACH = 0.4
"""How far a position may move between two estimates, where a frame is 2 wide."""
MARGIN = 0.3
"""How far the center of a thing may leave the frame, which is 2 wide."""


class SpriteFit:
    """The sprites of some clips.

    Pictures and frames are padded to twice their size, and all shifts are products of spectra.

    Args:
        mass: How much each pixel differs from the background.
        centers: Positions in every frame, in px of ``mass``.

    Attributes:
        pictures: One for each track, with its center at pixel (0, 0), padded.
    """

    def __init__(
        self,
        mass: Float[Tensor, "clip time height width"],
        centers: Float[Tensor, "clip track time hw=2"],
    ):
        self.size = (2 * mass.shape[2], 2 * mass.shape[3])
        self.centers = centers
        self.num_tracks = centers.shape[1]
        self.frames = torch.fft.rfft2(mass, s=self.size)
        device = mass.device
        self.offsets = [torch.fft.fftfreq(n, 1 / n, device=device) for n in self.size]
        self.rates = (
            torch.fft.fftfreq(self.size[0], device=device)[:, None],
            torch.fft.rfftfreq(self.size[1], device=device),
        )
        rows, columns = self.offsets[0][:, None], self.offsets[1]
        half = mass.shape[2] / 2, mass.shape[3] / 2
        squares = (rows / half[0]).square() + (columns / half[1]).square()
        self.fade = torch.exp(-squares / (2 * PICTURE_RADIUS**2))
        inside = [
            (each >= -MARGIN * h - 0.5) & (each <= (2 + MARGIN) * h - 0.5)
            for each, h in zip((rows, columns), half, strict=True)
        ]
        self.is_inside = inside[0] & inside[1]
        self.reach = REACH * max(half)
        self.energy = mass.square().sum(dim=(2, 3)).mean(dim=1).clamp(min=1e-9)
        num_clips = len(mass)
        self.pictures = mass.new_zeros(num_clips, self.num_tracks, *self.size)
        self.spectra = torch.fft.rfft2(self.pictures)

    def update_pictures(self, *, robust: bool) -> None:
        """Estimate each picture from all frames without the other tracks.

        Args:
            robust: By the median over time instead of the mean, which ignores the frames in which a
                position is wrong.
        """
        for track in range(self.num_tracks):
            rest = self.frames - self._others(track, self.centers)
            aligned = self._pixels(rest * self._shift(-self.centers[:, track]))
            picture = aligned.median(dim=1).values if robust else aligned.mean(dim=1)
            picture = picture.clamp(min=0) * self.fade
            total = picture.sum(dim=(1, 2)).clamp(min=1e-6)
            center = torch.stack(
                [
                    torch.einsum("chw,h->c", picture, self.offsets[0]),
                    torch.einsum("chw,w->c", picture, self.offsets[1]),
                ],
                dim=1,
            ).div(total[:, None])
            center = center.round()  # whole pixels, so that pictures stay sharp
            self.centers[:, track] += center[:, None]
            spectrum = torch.fft.rfft2(picture) * self._shift(-center)
            self.pictures[:, track], self.spectra[:, track] = self._pixels(spectrum), spectrum

    def set_pictures(self, pictures: Float[Tensor, "clip track height width"]) -> None:
        """Take known pictures, of the size of the frames, each with its center in the middle."""
        height, width = pictures.shape[2:]
        padded = functional.pad(pictures, (0, width, 0, height))
        self.pictures = padded.roll((-(height // 2), -(width // 2)), dims=(2, 3))
        self.spectra = torch.fft.rfft2(self.pictures)

    def update_centers(self, *, search: bool) -> Float[Tensor, " clip"]:
        """Choose the positions in every frame from several hypotheses.

        Args:
            search: Search whole frames, too, instead of the neighborhood of each position alone.

        Returns:
            The part of the mass's energy that the sprites do not explain.
        """
        tracks = list(range(self.num_tracks))
        orders = [tracks, tracks[::-1]][: self.num_tracks] if search else []
        hypotheses = [self._locally_improved(), *(self._searched(order) for order in orders)]
        if len(orders) > 1:  # things of the same look may have been exchanged
            hypotheses.append(hypotheses[0].flip(1))
        errors = torch.stack([self._errors(each) for each in hypotheses], dim=1)
        self.centers, cost = _best_sequence(torch.stack(hypotheses, dim=1), errors, self.reach)
        return cost

    def _locally_improved(self) -> Float[Tensor, "clip track time hw=2"]:
        centers = self.centers.clone()
        for track in range(self.num_tracks):
            rest = self.frames - self._others(track, centers)
            centers[:, track] = self._best_place(track, rest, near=centers[:, track])
        return centers

    def _searched(self, order: Sequence[int]) -> Float[Tensor, "clip track time hw=2"]:
        """Place the tracks one after the other, anywhere, then each again without the others."""
        centers = torch.zeros_like(self.centers)
        rest = self.frames
        for track in order:
            centers[:, track] = self._best_place(track, rest)
            rest = rest - self._placed(track, centers)
        for track in order if len(order) > 1 else ():
            rest = rest + self._placed(track, centers)
            centers[:, track] = self._best_place(track, rest)
            rest = rest - self._placed(track, centers)
        return centers

    def _best_place(
        self, track: int, rest: Tensor, near: Float[Tensor, "clip time hw=2"] | None = None
    ) -> Float[Tensor, "clip time hw=2"]:
        """Where the picture of a track explains most of what is left."""
        fit = self._pixels(rest * self.spectra[:, track, None].conj())
        allowed = self.is_inside
        if near is not None:
            rows = self.offsets[0][:, None] - near[..., 0, None, None]
            columns = self.offsets[1] - near[..., 1, None, None]
            allowed = allowed & (rows.square() + columns.square() <= self.reach**2)
        best = fit.masked_fill_(~allowed, -torch.inf).flatten(2).argmax(dim=2)
        rows, columns = best // self.size[1], best % self.size[1]
        return torch.stack([self.offsets[0][rows], self.offsets[1][columns]], dim=2)

    def _errors(self, centers: Float[Tensor, "clip track time hw=2"]) -> Float[Tensor, "clip time"]:
        """Squared error of the sprites in every frame, as a fraction of the mass's energy."""
        rest = self.frames - sum(self._placed(track, centers) for track in range(self.num_tracks))
        power = torch.view_as_real(rest).square().sum(dim=-1)
        power = 2 * power.sum(dim=(2, 3)) - power[..., [0, -1]].sum(dim=(2, 3))  # of the half plane
        return power / (self.size[0] * self.size[1]) / self.energy[:, None]

    def _others(self, track: int, centers: Float[Tensor, "clip track time hw=2"]) -> Tensor | float:
        others = [other for other in range(self.num_tracks) if other != track]
        return sum((self._placed(other, centers) for other in others), start=0.0)

    def _placed(self, track: int, centers: Float[Tensor, "clip track time hw=2"]) -> Tensor:
        """The spectrum of the frames that show one track alone."""
        return self.spectra[:, track, None] * self._shift(centers[:, track])

    def _shift(self, distances: Float[Tensor, "*frame hw=2"]) -> Tensor:
        """The factor of a spectrum that moves pictures by some pixels."""
        rows, columns = (-2j * torch.pi * distances[..., axis, None, None] for axis in (0, 1))
        return torch.exp(rows * self.rates[0]) * torch.exp(columns * self.rates[1])

    def _pixels(self, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(spectrum, s=self.size)


ACCELERATION_COST = 2.0
"""Cost of a change of velocity by the reach between two frames, beside the unexplained fraction of
the energy of a frame."""


def _best_sequence(
    hypotheses: Float[Tensor, "clip hypothesis track time hw=2"],
    errors: Float[Tensor, "clip hypothesis time"],
    reach: float,
) -> tuple[Float[Tensor, "clip track time hw=2"], Float[Tensor, " clip"]]:
    """Choose a hypothesis for every frame: little error, and few changes of velocity.

    Source: Viterbi (1967), with pairs of neighboring frames as states.
    """
    num_clips, num, _, num_frames, _ = hypotheses.shape
    if num == 1 or num_frames < 2:
        chosen = hypotheses.gather(
            1, errors.argmin(dim=1)[:, None, None, :, None].expand_as(hypotheses)[:, :1]
        )
        return chosen[:, 0], errors.amin(dim=1).mean(dim=1)
    by_time = (hypotheses / reach).unbind(dim=3)
    cost = errors[:, :, None, 0] + errors[:, None, :, 1]  # clip, at one frame, at the next
    came_from = []
    for first, second, third, error in zip(
        by_time, by_time[1:], by_time[2:], errors.unbind(2)[2:], strict=False
    ):
        velocities = second[:, None] - first[:, :, None], third[:, None] - second[:, :, None]
        changes = (velocities[1][:, None] - velocities[0][:, :, :, None]).square().sum(dim=(4, 5))
        cost, best = (cost[..., None] + ACCELERATION_COST * changes).min(dim=1)
        came_from.append(best)
        cost = cost + error[:, None]
    total, state = cost.flatten(1).min(dim=1)
    before, last = state // num, state % num
    choices = [last, before]
    rows = torch.arange(num_clips, device=errors.device)
    for best in reversed(came_from):
        before, last = best[rows, before, last], before
        choices.append(before)
    index = torch.stack(choices[::-1], dim=1)[:, None, None, :, None]
    chosen = hypotheses.gather(1, index.expand(-1, 1, hypotheses.shape[2], -1, 2))[:, 0]
    return chosen, total / num_frames
