"""Training data: batches of clips, points and their colors, and frame features.

Batches and points are functions of the seed and the progress only.
"""

import functools

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.semantic.feature_cache import choose_frame_encoder, frame_features
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.read_ahead import ReadAhead
from videospace.runtime.errors import UserError
from videospace.runtime.process_group import SINGLE_PROCESS, ProcessGroup
from videospace.runtime.random import random_stream

RESIDENT_BYTES = 4 << 30
"""Clips of up to this total size are kept in memory; larger sets stay in their memory-mapped
files."""


def clip_batch(
    seed: int, num_clips: int, batch_clips: int, index: int, num_shards: int = 1
) -> Int[Tensor, " clip"]:
    """Choose the clips of a batch, which are distinct. Each epoch shuffles all clips again.

    Args:
        seed: Seed of the run.
        num_clips: Number of clips to draw from.
        batch_clips: Clips of a batch, or all if there are fewer. An epoch leaves out the clips that
            do not fill its last batch.
        index: Number of the batch, from 0.
        num_shards: A batch takes an equal number of clips, or one more, from each shard; clip n
            belongs to shard ``n % num_shards``.

    Returns:
        Indices below ``num_clips``.
    """
    batch_clips = min(batch_clips, num_clips)
    epoch, batch = divmod(index, num_clips // batch_clips)
    order = _epoch_order(seed, num_clips, epoch, num_shards)
    return order[batch * batch_clips : (batch + 1) * batch_clips]


@functools.lru_cache(maxsize=2)
def _epoch_order(seed: int, num_clips: int, epoch: int, num_shards: int) -> Int[Tensor, " clip"]:
    """All clips, shuffled. With shards, the clip at position n belongs to the shard of n."""
    order = torch.randperm(num_clips, generator=random_stream(seed, "clip order", num_clips, epoch))
    if num_shards == 1:
        return order
    positions = torch.arange(num_clips)
    by_shard = [(numbers % num_shards).argsort(stable=True) for numbers in (positions, order)]
    return positions.index_copy(0, positions[by_shard[0]], order[by_shard[1]])


class TrainingClips:
    """The pixels of the training clips, by clip and by point of the flattened grid.

    Args:
        store: The clips.
        rows: Rows of the training clips in the store.
        device: Device of the results.
        group: The processes of the run; each holds the pixels of its own clips only.
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
        local = group.local_rows(rows)
        if len(local) * self.num_points * 3 <= RESIDENT_BYTES:
            self.resident = torch.from_numpy(store.frames(local)).flatten(1, 3).to(device)
        generator = random_stream(0, "points of the median color")
        probe = torch.randint(self.num_points, (1024,), generator=generator)
        self.median_colors = torch.cat(
            [
                self._pixels(clips, probe.expand(len(clips), -1)).float().median(dim=1).values
                for clips in group.local_rows(torch.arange(len(rows))).split(256)
            ]
        )

    def expect(self, *batches: Int[Tensor, " clip"]) -> None:
        """Start reading the clips of the next batches if clips are not in memory."""
        if self.resident is None:
            self.reads.expect([batch[self.group.batch_index(batch)].tolist() for batch in batches])

    def colors(
        self, clips: Int[Tensor, " clip"], points: Int[Tensor, "clip point"]
    ) -> Float[Tensor, "clip point rgb=3"]:
        """The colors of points, in [-1, 1]."""
        return self._pixels(clips, points).float().div(127.5).sub(1)

    def uniform_points(
        self,
        num_clips: int,
        num_points: int,
        generator: torch.Generator,
        frames: Int[Tensor, " clip"] | None = None,
    ) -> Int[Tensor, "clip point"]:
        """Draw points with equal probability and replacement, from whole clips or one frame."""
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
        batch_index: Int[Tensor, " local"] | slice = slice(None),
    ) -> Int[Tensor, "local point"]:
        """Draw points where a clip moves or differs from its median color.

        Points are chosen from ``num_candidates`` times as many uniform ones, in proportion to their
        importance, so that no importance map is needed.

        Args:
            clips: The clips of the whole batch. Random numbers are drawn for all of them, so that
                the result does not depend on the number of processes.
            num_points: Number of points for each clip.
            generator: On the CPU.
            frames: The frame of each clip to draw from; None draws from all frames.
            num_candidates: Candidates for each point.
            batch_index: Positions in the batch of the clips that points are computed for.

        Source: Rubin (1987), sampling–importance resampling; to draw in proportion to p without
        replacement, take the largest p / q with q from Exp(1), as ``torch.multinomial`` does.
        """
        drawn = self.uniform_points(len(clips), num_points * num_candidates, generator, frames)
        exponential = torch.empty(drawn.shape).exponential_(generator=generator)[batch_index]
        candidates, clips = drawn[batch_index], clips[batch_index]
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
        index = points[:, :, None].expand(-1, -1, 3).cpu()
        return torch.from_numpy(frames).flatten(1, 3).gather(1, index).to(self.device)


def semantic_features(
    store: ClipStore,
    rows: list[int],
    config: TrainingConfig,
    device: torch.device,
    *,
    progress: bool = True,
    group: ProcessGroup = SINGLE_PROCESS,
) -> Float[Tensor, "clip time feature"] | None:
    """Frame features of this process's clips, padded to the width of the model's input.

    Returns:
        None if the model has no semantic embedding.

    Raises:
        UserError: The features are wider than the model's input.
    """
    if config.model.latent.semantic == "none":
        return None
    encoder = choose_frame_encoder(config.frame_encoder, store.frames, rows, device=str(device))
    with group.rank0_first():  # the others read what it has cached in the store's folder
        features = group.local_rows(frame_features(store, rows, encoder, progress=progress))
    missing = config.model.latent.video_clip.feature_width - features.shape[2]
    if missing < 0:
        raise UserError(
            f"expected frame features of at most {features.shape[2] + missing} numbers, got "
            f"{features.shape[2]}: set --model.latent.video-clip.feature-width {features.shape[2]}"
        )
    return torch.nn.functional.pad(features, (0, missing)).to(device)
