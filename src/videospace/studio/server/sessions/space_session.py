"""An open video space, with the samples, videos and jobs that its pages have added."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, get_args

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from videospace.inrv.space.latent_files import LatentFile, save_latents
from videospace.inrv.space.moved_tracks import moved_path, track_centers
from videospace.inrv.space.neighbor_map import MAP_PACKAGES, MapMethod
from videospace.inrv.space.projection import LatentProjection
from videospace.inrv.space.sampling import SamplingMethod, latents_between
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message, message_of
from videospace.studio.server.errors import NotFound
from videospace.studio.server.jobs.job_runner import JobRunner
from videospace.studio.server.sessions.clip_table import ClipTable, Value, read_clip_table
from videospace.studio.server.sessions.neighbors import Neighbors
from videospace.studio.server.sessions.space_items import (
    ItemKind,
    MapItem,
    MapKind,
    Position,
    SpaceItem,
    SpaceJobResult,
)
from videospace.studio.server.sessions.space_names import clip_names
from videospace.studio.server.uploads.recordings import PaddedClip, RecordingReader

MAX_ITEMS = 200
"""Items beside the clips; a new one beyond that replaces the oldest."""
MAX_VIDEOS = 8
"""Videos to work on; a new one beyond that replaces the oldest."""
MAX_MAP_CLIPS = 2000
"""Clips on the map; of a larger space, this many at equal distances are shown."""
PATH_STEPS = 33
"""Positions that the map connects to draw the arc between two items."""
TRACK_POINTS = 129
"""Points of the path of a track, from the first to the last moment of a clip."""

Entry = TypeVar("Entry")


class SpaceSession:
    """A space and everything that pages add to it while the studio runs.

    Args:
        space: The space.
        reader: Reads uploaded videos.
        folder: The folder of the space, which may hold labels and scores of its clips.
    """

    def __init__(self, space: VideoSpace, reader: RecordingReader, folder: Path | None = None):
        self.space, self._reader, self._space_folder = space, reader, folder
        self._names = dict(zip(space.ids, clip_names(space.ids), strict=True))
        self.map = LatentProjection.of(space.latents, space.model.config.latent)
        self.neighbors = {
            method: Neighbors(space.model.config.latent, method) for method in MAP_PACKAGES
        }
        self.jobs = JobRunner[SpaceJobResult]()
        self._lock = threading.Lock()
        self._items: OrderedDict[str, SpaceItem] = OrderedDict()
        self._videos: OrderedDict[str, PaddedClip] = OrderedDict()
        self._numbers = itertools.count(1)
        self._temporary = TemporaryDirectory(prefix="videospace-")
        self.folder = Path(self._temporary.name)

    def close(self) -> None:
        """Stop the running job and delete the files of results."""
        self.jobs.stop()
        self.jobs.wait()
        self._temporary.cleanup()

    def clip_table(self) -> ClipTable:
        """The labels and scores of the clips, read anew; without any if the file has a problem."""
        if self._space_folder is None:
            return ClipTable({})
        try:
            return ClipTable(read_clip_table(self._space_folder, self.space.ids))
        except UserError as error:
            return ClipTable({}, message_of(error))

    def map_kinds(self) -> list[MapKind]:
        """The maps that this machine can compute."""
        kinds: tuple[MapKind, ...] = get_args(MapKind)
        return [kind for kind in kinds if kind == "pca" or MAP_PACKAGES[kind].is_installed]

    def map_items(self, rows_by_id: Mapping[str, Mapping[str, Value]]) -> list[MapItem]:
        """All that the map shows: the clips, then the other items, oldest first.

        Args:
            rows_by_id: Labels and scores of the clips.
        """
        ids = self.space.ids
        rows = self._rows()
        positions = self.map.map_xy(self.space.latents[rows.to(self.space.device)]).tolist()
        shown = [ids[row] for row in rows.tolist()]
        clips = [
            MapItem(
                id=identity,
                kind="clip",
                name=self._names[identity].name,
                map_xy=(x, y),
                source=self._names[identity].source,
                values=rows_by_id.get(identity, {}),
            )
            for identity, (x, y) in zip(shown, positions, strict=True)
        ]
        return clips + [self._on_map(identity, item) for identity, item in self._all_items()]

    def map_item(self, identity: str) -> MapItem | None:
        """A sampled or found item on the map; None if newer ones have replaced it."""
        item = dict(self._all_items()).get(identity)
        return None if item is None else self._on_map(identity, item)

    def latent(self, position: Position) -> Float[Tensor, " latent"]:
        """The latent at a position.

        Raises:
            NotFound: An item of the position does not exist, or no longer.
            UserError: A track is moved that the space does not have.
        """
        config = self.space.model.config.latent
        latent = self._latent_of(position.start)
        if position.end is not None:
            end = self._latent_of(position.end)
            ratio = torch.tensor([position.ratio], device=latent.device)
            latent = latents_between(latent[None], end[None], ratio, config=config)[0]
        for move in position.moves:
            latent = moved_path(latent, move, config)
        return latent

    def track_paths(self, position: Position) -> Float[Tensor, "track point hw=2"]:
        """The paths of the tracks at a position, as points at equal distances in time.

        Args:
            position: Of which latent.

        Raises:
            NotFound: An item of the position does not exist, or no longer; or the space has no
                tracks.
            UserError: A track is moved that the space does not have.
        """
        config = self.space.model.config.latent
        if not config.num_tracks:
            raise NotFound(Message("this space has no tracks"))
        times = torch.linspace(-1, 1, TRACK_POINTS, device=self.space.device)
        return track_centers(self.latent(position), times, config)

    def path(self, start: str, end: str, on: MapKind = "pca") -> Float[Tensor, "point 2"]:
        """The arc between two items, as points of a map.

        Args:
            start: Id of the first item.
            end: Id of the second item.
            on: Which map. While a map of neighbors is not ready, it is the projection.

        Raises:
            NotFound: There is no such item.
        """
        latents = self.space.interpolate(
            self._latent_of(start), self._latent_of(end), steps=PATH_STEPS
        )
        if on != "pca" and self.neighbors[on].is_ready:
            return self.neighbors[on].path(start, end, latents)
        return self.map.map_xy(latents)

    def place_neighbors(self, method: MapMethod) -> Neighbors:
        """Place all items on a map of neighbors; its computation is started if necessary."""
        shown = [self.space.ids[row] for row in self._rows()]
        found = self.neighbors[method]
        found.start(shown, lambda: self.space.latents[self._rows().to(self.space.device)])
        if found.is_ready:
            found.add({name: item.latent for name, item in self._all_items()})
        return found

    def _rows(self) -> Int[Tensor, " clip"]:
        """The rows of the clips on the map."""
        num_clips = len(self.space.ids)
        rows = torch.linspace(0, num_clips - 1, min(num_clips, MAX_MAP_CLIPS))
        return rows.round().long().unique()

    def render_frames(
        self, position: Position, side: int, num_frames: int
    ) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Render the video at a position, frame by frame.

        Args:
            position: What to render.
            side: The longer side in px.
            num_frames: Number of frames, over the whole duration of a clip.

        Raises:
            NotFound: There is no such item.
        """
        height, width = self._size(side)
        frames = self.space.render_frames(
            self.latent(position), height=height, width=width, num_frames=num_frames
        )
        return (frame[0] for frame in frames)

    def pictures(
        self, identities: Sequence[str], side: int
    ) -> UInt8[np.ndarray, "item height width 3"]:
        """The first frame of each item.

        Args:
            identities: The items, at least one.
            side: The longer side of a picture in px.

        Raises:
            NotFound: One of them does not exist, or no longer.
        """
        latents = self._latents_of(identities)
        height, width = self._size(side)
        return self.space.render(latents, height=height, width=width, num_frames=1)[:, 0]

    def _size(self, side: int) -> tuple[int, int]:
        """Height and width of a frame whose longer side has a length in px."""
        clip = self.space.clip
        height, width = (side, None) if clip.height >= clip.width else (None, side)
        return self.space.render_size(height, width, None)[1:]

    def sample(self, count: int, method: SamplingMethod, seed: int) -> list[str]:
        """Sample new items and return their ids.

        Raises:
            UserError: The space has only one clip.
        """
        latents = self.space.sample(count, method=method, seed=seed)
        return [self.add_item("sample", None, latent) for latent in latents]

    def add_mean(self, identities: Sequence[str], name: str) -> str:
        """Add the mean of items as a new sample, and return its id.

        Args:
            identities: The items, at least one.
            name: The name of the mean.

        Raises:
            NotFound: One of them does not exist, or no longer.
        """
        return self.add_item("sample", name, self.space.mean(self._latents_of(identities)))

    def add_item(self, kind: ItemKind, name: str | None, latent: Float[Tensor, " latent"]) -> str:
        """Add a latent as an item and return its id, which is also its name if that is None."""
        with self._lock:
            identity = self._new_id(kind)
            item = SpaceItem(kind=kind, name=name or identity, latent=latent)
            _add_bounded(self._items, identity, item, MAX_ITEMS)
        return identity

    def add_upload(self, content: bytes) -> str:
        """Read an uploaded video and return its id.

        Raises:
            UserError: It cannot be read.
        """
        clip = self.space.clip
        return self._add_video(
            self._reader.read_clip(content, clip.num_frames, (clip.height, clip.width))
        )

    def add_render(self, position: Position) -> str:
        """Render a position as a video to work on and return the video's id.

        Raises:
            NotFound: There is no such item.
        """
        frames = self.space.render(self.latent(position))
        return self._add_video(PaddedClip(frames, len(frames), self.space.clip.fps))

    def video(self, identity: str) -> PaddedClip:
        """A video to work on.

        Raises:
            NotFound: Newer videos have replaced it, or the studio was restarted.
        """
        with self._lock:
            if identity not in self._videos:
                raise NotFound(Message("the video is no longer here: choose it again"))
            return self._videos[identity]

    def latent_file(self, position: Position) -> bytes:
        """The latent at a position as a file that 'videospace reconstruct' reads.

        Raises:
            NotFound: There is no such item.
        """
        latents = self.latent(position)[None]
        return self._latent_file(LatentFile(latents=latents, names=["from the studio"]))

    def all_latents_file(self) -> bytes:
        """The latents of all clips and other items, as a file that the commands read.

        A clip has its id as its name.
        """
        items = self._all_items()
        latents = torch.stack([*self.space.latents, *(item.latent for _, item in items)])
        names = [*self.space.ids, *(item.file_name for _, item in items)]
        return self._latent_file(LatentFile(latents=latents, names=names))

    def chosen_latents_file(self, identities: Sequence[str]) -> bytes:
        """The latents of some clips and other items, as a file that the commands read.

        Args:
            identities: The items, at least one, in the order of the file.

        Raises:
            NotFound: One of them does not exist, or no longer.
        """
        names = {each: item.file_name for each, item in self._all_items()}
        latents = self._latents_of(identities)
        named = [names.get(each, each) for each in identities]
        return self._latent_file(LatentFile(latents=latents, names=named))

    def _latent_file(self, content: LatentFile) -> bytes:
        with TemporaryDirectory(dir=self.folder) as folder:
            path = Path(folder) / "latent.npz"
            save_latents(path, content, self.space)
            return path.read_bytes()

    def _add_video(self, video: PaddedClip) -> str:
        with self._lock:
            identity = self._new_id("video")
            _add_bounded(self._videos, identity, video, MAX_VIDEOS)
        return identity

    def _new_id(self, kind: ItemKind) -> str:
        """An id that neither a clip nor another item has."""
        ids = (f"{kind}-{number}" for number in self._numbers)
        return next(identity for identity in ids if identity not in self.space.ids)

    def _all_items(self) -> list[tuple[str, SpaceItem]]:
        with self._lock:
            return list(self._items.items())

    def _on_map(self, identity: str, item: SpaceItem) -> MapItem:
        x, y = self.map.map_xy(item.latent[None])[0].tolist()
        return MapItem(id=identity, kind=item.kind, name=item.name, map_xy=(x, y))

    def _latents_of(self, identities: Sequence[str]) -> Float[Tensor, "item latent"]:
        return torch.stack([self._latent_of(identity) for identity in identities])

    def _latent_of(self, identity: str) -> Float[Tensor, " latent"]:
        item = dict(self._all_items()).get(identity)
        if item is not None:
            return item.latent
        try:
            return self.space.latent(identity)
        except UserError as error:
            raise gone(identity) from error


def gone(identity: str) -> NotFound:
    """The error of an item that does not exist, or no longer."""
    return NotFound(Message("the clip '{clip}' is no longer here: reload the page", clip=identity))


def _add_bounded(
    values: "OrderedDict[str, Entry]", identity: str, value: Entry, max_number: int
) -> None:
    """Add a value, and drop the oldest ones beyond a number."""
    values[identity] = value
    while len(values) > max_number:
        values.popitem(last=False)
