"""Batches of clips and points. Both are functions of the seed and the progress, nothing else."""

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from videospace.clips.clip_store import ClipStore

RESIDENT_BYTES = 4 << 30
"""Clips up to this size are kept in memory; larger sets stay in their memory-mapped shards."""


def seeded(seed: int, *stream: int) -> torch.Generator:
    """A generator for one purpose at one moment, independent of what was drawn before."""
    mixed = seed
    for number in stream:  # splitmix64's odd multiplier spreads neighbouring numbers apart
        mixed = ((mixed ^ (number + 1)) * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % (1 << 63)
    return torch.Generator().manual_seed(mixed)


def clip_batch(seed: int, num_clips: int, batch_clips: int, index: int) -> Int[Tensor, " clip"]:
    """The clips of a batch: distinct, and each epoch runs through all of them in a new order.

    Args:
        seed: Of the run.
        num_clips: Clips that take part; the batch is drawn from the first of them.
        batch_clips: Clips of a batch, fewer when there are not as many. What does not fill a
            last batch waits for the next epoch, which is shuffled anew.
        index: Batches drawn before this one.

    Returns:
        Indices below ``num_clips``.
    """
    batch_clips = min(batch_clips, num_clips)
    epoch, batch = divmod(index, num_clips // batch_clips)
    order = torch.randperm(num_clips, generator=seeded(seed, num_clips, epoch))
    return order[batch * batch_clips : (batch + 1) * batch_clips]


class TrainingClips:
    """The pixels of the training clips, addressed by clip and by point of the flattened grid."""

    def __init__(self, store: ClipStore, rows: list[int], device: torch.device):
        self.store, self.rows, self.device = store, rows, device
        self.size = (store.num_frames, store.height, store.width)
        self.num_points = store.num_frames * store.height * store.width
        self.points_per_frame = store.height * store.width
        self.resident: UInt8[Tensor, "clip point 3"] | None = None
        if len(rows) * self.num_points * 3 <= RESIDENT_BYTES:
            self.resident = torch.from_numpy(store.frames(rows)).flatten(1, 3).to(device)
        generator = seeded(0, len(rows))
        probe = torch.randint(self.num_points, (1024,), generator=generator)
        self.median_colours = torch.cat(
            [
                self._pixels(clips, probe.expand(len(clips), -1)).float().median(dim=1).values
                for clips in torch.arange(len(rows)).split(256)
            ]
        )

    def colours(
        self, clips: Int[Tensor, " clip"], points: Int[Tensor, "clip point"]
    ) -> Float[Tensor, "clip point rgb=3"]:
        """Colours in [-1, 1]."""
        return self._pixels(clips, points).float().div(127.5).sub(1)

    def uniform_points(
        self,
        num_clips: int,
        num_points: int,
        generator: torch.Generator,
        frames: Int[Tensor, " clip"] | None = None,
    ) -> Int[Tensor, "clip point"]:
        """Points drawn with equal probability, with replacement, of whole clips or of one frame."""
        if frames is None:
            return torch.randint(self.num_points, (num_clips, num_points), generator=generator)
        size = (num_clips, num_points)
        within = torch.randint(self.points_per_frame, size, generator=generator)
        return within + frames[:, None] * self.points_per_frame

    def important_points(
        self,
        clips: Int[Tensor, " clip"],
        num_points: int,
        generator: torch.Generator,
        frames: Int[Tensor, " clip"] | None = None,
        num_candidates: int = 8,
    ) -> Int[Tensor, "clip point"]:
        """Points drawn where a clip moves or differs from its median colour.

        A uniform draw of ``num_candidates`` times as many points is thinned in proportion to the
        importance of each, so that no map of it is ever stored.

        Source: Rubin (1987), sampling–importance resampling.
        """
        candidates = self.uniform_points(len(clips), num_points * num_candidates, generator, frames)
        colour = self._pixels(clips, candidates).float()
        earlier, later = candidates - self.points_per_frame, candidates + self.points_per_frame
        before = self._pixels(clips, torch.where(earlier < 0, candidates, earlier)).float()
        after = self._pixels(clips, torch.where(later < self.num_points, later, candidates)).float()
        unlike_median = (colour - self.median_colours[clips, None]).abs().sum(dim=2)
        importance = unlike_median + (after - before).abs().sum(dim=2) + 1
        chosen = torch.multinomial(importance.cpu(), num_points, generator=generator)
        return candidates.gather(1, chosen)

    def _pixels(
        self, clips: Int[Tensor, " clip"], points: Int[Tensor, "clip point"]
    ) -> UInt8[Tensor, "clip point 3"]:
        if self.resident is not None:
            return self.resident[clips[:, None], points]
        frames = self.store.frames([self.rows[clip] for clip in clips.tolist()])
        places = points[:, :, None].expand(-1, -1, 3).cpu()
        return torch.from_numpy(frames).flatten(1, 3).gather(1, places).to(self.device)
