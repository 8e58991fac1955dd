"""Batches of clips and points. Both are functions of the seed and the progress, nothing else."""

import functools

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.training.read_ahead import ReadAhead
from videospace.runtime.process_group import SINGLE_PROCESS, ProcessGroup
from videospace.runtime.random import random_stream

RESIDENT_BYTES = 4 << 30
"""Clips up to this size are kept in memory; larger sets stay in their memory-mapped shards."""


def clip_batch(
    seed: int, num_clips: int, batch_clips: int, index: int, num_shards: int = 1
) -> Int[Tensor, " clip"]:
    """The clips of a batch: distinct, and each epoch runs through all of them in a new order.

    Args:
        seed: Of the run.
        num_clips: Clips that take part; the batch is drawn from the first of them.
        batch_clips: Clips of a batch, fewer when there are not as many. What does not fill a
            last batch waits for the next epoch, which is shuffled anew.
        index: Batches drawn before this one.
        num_shards: A batch takes equally many clips, or one more, of each remainder that clip
            numbers leave when they are divided by this.

    Returns:
        Indices below ``num_clips``.
    """
    batch_clips = min(batch_clips, num_clips)
    epoch, batch = divmod(index, num_clips // batch_clips)
    order = _epoch_order(seed, num_clips, epoch, num_shards)
    return order[batch * batch_clips : (batch + 1) * batch_clips]


@functools.lru_cache(maxsize=2)
def _epoch_order(seed: int, num_clips: int, epoch: int, num_shards: int) -> Int[Tensor, " clip"]:
    """All clips, shuffled; with shares, a clip goes to a place that leaves its own remainder."""
    order = torch.randperm(num_clips, generator=random_stream(seed, "clip order", num_clips, epoch))
    if num_shards == 1:
        return order
    places = torch.arange(num_clips)
    by_share = [(numbers % num_shards).argsort(stable=True) for numbers in (places, order)]
    return places.index_copy(0, places[by_share[0]], order[by_share[1]])


class TrainingClips:
    """The pixels of the training clips, addressed by clip and by point of the flattened grid.

    A process has the pixels of its own clips only.
    """

    def __init__(
        self,
        store: ClipStore,
        rows: list[int],
        device: torch.device,
        group: ProcessGroup = SINGLE_PROCESS,
    ):
        self.store, self.rows, self.device, self.group = store, rows, device, group
        self.size = (store.num_frames, store.height, store.width)
        self.num_points = store.num_frames * store.height * store.width
        self.points_per_frame = store.height * store.width
        self.resident: UInt8[Tensor, "clip point 3"] | None = None
        self.reads = ReadAhead(lambda clips: self.store.frames([self.rows[c] for c in clips]))
        own = group.local_rows(rows)
        if len(own) * self.num_points * 3 <= RESIDENT_BYTES:
            self.resident = torch.from_numpy(store.frames(own)).flatten(1, 3).to(device)
        generator = random_stream(0, "points of the median color")
        probe = torch.randint(self.num_points, (1024,), generator=generator)
        self.median_colors = torch.cat(
            [
                self._pixels(clips, probe.expand(len(clips), -1)).float().median(dim=1).values
                for clips in group.local_rows(torch.arange(len(rows))).split(256)
            ]
        )

    def expect(self, *batches: Int[Tensor, " clip"]) -> None:
        """Begin to read, where clips are on the disk, the ones of the batches that come next."""
        if self.resident is None:
            self.reads.expect([batch[self.group.batch_index(batch)].tolist() for batch in batches])

    def colors(
        self, clips: Int[Tensor, " clip"], points: Int[Tensor, "clip point"]
    ) -> Float[Tensor, "clip point rgb=3"]:
        """Colors in [-1, 1]."""
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
        places: Int[Tensor, " own"] | slice = slice(None),
    ) -> Int[Tensor, "own point"]:
        """Points drawn where a clip moves or differs from its median color.

        A uniform draw of ``num_candidates`` times as many points is thinned in proportion to the
        importance of each, so that no map of it is ever stored. Chance is drawn for all clips, and
        points are found for those in some ``places`` among them.

        Source: Rubin (1987), sampling–importance resampling; to draw in proportion to p without
        replacement, take the largest p / q with q from Exp(1), as ``torch.multinomial`` does.
        """
        drawn = self.uniform_points(len(clips), num_points * num_candidates, generator, frames)
        exponential = torch.empty(drawn.shape).exponential_(generator=generator)[places]
        candidates, clips = drawn[places], clips[places]
        color = self._pixels(clips, candidates).float()
        earlier, later = candidates - self.points_per_frame, candidates + self.points_per_frame
        before = self._pixels(clips, torch.where(earlier < 0, candidates, earlier)).float()
        after = self._pixels(clips, torch.where(later < self.num_points, later, candidates)).float()
        unlike_median = (
            (color - self.median_colors[self.group.local_index(clips), None]).abs().sum(dim=2)
        )
        importance = unlike_median + (after - before).abs().sum(dim=2) + 1
        chosen = (importance.cpu() / exponential).topk(num_points).indices
        return candidates.gather(1, chosen)

    def _pixels(
        self, clips: Int[Tensor, " clip"], points: Int[Tensor, "clip point"]
    ) -> UInt8[Tensor, "clip point 3"]:
        if self.resident is not None:
            return self.resident[self.group.local_index(clips)[:, None], points]
        frames = self.reads(clips.tolist())
        places = points[:, :, None].expand(-1, -1, 3).cpu()
        return torch.from_numpy(frames).flatten(1, 3).gather(1, places).to(self.device)
