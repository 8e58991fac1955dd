"""One open space, with what was laid on its desk: samples, videos, and the work on them."""

import threading
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.inrv.space.latent_files import LatentFile, save_latents
from videospace.inrv.space.projection import LatentProjection
from videospace.inrv.space.sampling import slerp
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError
from videospace.studio.server.jobs.jobs import Worker
from videospace.studio.server.sessions.profiles import NotThere
from videospace.studio.server.sessions.space_items import FoundPoint, Outcome, Place, PointKind
from videospace.studio.server.uploads.films import FilmedClip, FilmReader

MOST_FOUND = 200
"""Points beside the space's own clips; the oldest makes room."""
MOST_VIDEOS = 8
"""Videos on a desk; the oldest makes room."""
PATH_POINTS = 33
"""Of the way between two points, as it is drawn."""

Item = TypeVar("Item")


class Desk:
    """A space and everything that pages lay beside its clips, until the studio is ended.

    Args:
        space: The space.
        films: Reads videos that come from outside.
    """

    def __init__(self, space: VideoSpace, films: FilmReader):
        self.space, self._films = space, films
        self.map = LatentProjection.of(space.latents, space.model.config.latent)
        self.worker = Worker[Outcome]()
        self._alone = threading.Lock()
        self._found: OrderedDict[str, FoundPoint] = OrderedDict()
        self._videos: OrderedDict[str, FilmedClip] = OrderedDict()
        self._count = 0
        self._temporary = TemporaryDirectory(prefix="videospace-")
        self.folder = Path(self._temporary.name)

    def close(self) -> None:
        """End the work, and delete what came of it."""
        self.worker.stop()
        self.worker.wait()
        self._temporary.cleanup()

    def found(self) -> dict[str, FoundPoint]:
        """The points that are no clips, by id, oldest first."""
        with self._alone:
            return dict(self._found)

    def latent(self, place: Place) -> Float[Tensor, " latent"]:
        """The latent of a place.

        Raises:
            NotThere: One of its points has made room for others, or never was.
        """
        start = self._point(place.start)
        if place.end is None:
            return start
        ratio = torch.tensor(place.ratio, device=start.device)
        return slerp(start, self._point(place.end), ratio)

    def path(self, start: str, end: str) -> Float[Tensor, "point 2"]:
        """The arc between two points, as places on the map.

        Raises:
            NotThere: There is no such point.
        """
        latents = self.space.interpolate(self._point(start), self._point(end), steps=PATH_POINTS)
        return self.map.map_xy(latents)

    def render(
        self, place: Place, side: int, num_frames: int
    ) -> UInt8[np.ndarray, "time height width 3"]:
        """A place as a video.

        Args:
            place: Which one.
            side: Its longer side in px.
            num_frames: Its frames, over the whole time of a clip.

        Raises:
            NotThere: There is no such point.
        """
        clip = self.space.clip
        longer = "height" if clip.height >= clip.width else "width"
        return self.space.render(self.latent(place), num_frames=num_frames, **{longer: side})

    def sample(self, count: int, method: Literal["slerp", "gaussian"], seed: int) -> list[str]:
        """Lay new points beside the clips, and return their ids.

        Raises:
            UserError: The space has only one clip.
        """
        latents = self.space.sample(count, method=method, seed=seed)
        return [self.add_point("sample", None, latent) for latent in latents]

    def add_point(self, kind: PointKind, name: str | None, latent: Float[Tensor, " latent"]) -> str:
        """Lay a point beside the clips, and return its id."""
        with self._alone:
            identity = self._new_id(kind)
            point = FoundPoint(kind=kind, name=name or identity, latent=latent)
            _put(self._found, identity, point, MOST_FOUND)
        return identity

    def take_film(self, content: bytes) -> str:
        """Read a film that came from outside, and return the id of its video.

        Raises:
            UserError: It cannot be read.
        """
        clip = self.space.clip
        return self._add_video(
            self._films.read_clip(content, clip.num_frames, (clip.height, clip.width))
        )

    def take_place(self, place: Place) -> str:
        """Render a place as a video to work on, and return the video's id.

        Raises:
            NotThere: There is no such point.
        """
        frames = self.space.render(self.latent(place))
        return self._add_video(FilmedClip(frames, len(frames), self.space.clip.fps))

    def video(self, identity: str) -> FilmedClip:
        """A video to work on.

        Raises:
            NotThere: It has made room for others, or the studio was started anew.
        """
        with self._alone:
            if identity not in self._videos:
                raise NotThere("the video is no longer here: drop it in once more")
            return self._videos[identity]

    def latent_file(self, place: Place) -> bytes:
        """A place as a latent file, which 'videospace reconstruct' takes.

        Raises:
            NotThere: There is no such point.
        """
        content = LatentFile(latents=self.latent(place)[None], names=["from the studio"])
        with TemporaryDirectory(dir=self.folder) as folder:
            path = Path(folder) / "latent.npz"
            save_latents(path, content, self.space)
            return path.read_bytes()

    def _add_video(self, video: FilmedClip) -> str:
        with self._alone:
            identity = self._new_id("video")
            _put(self._videos, identity, video, MOST_VIDEOS)
        return identity

    def _new_id(self, kind: PointKind) -> str:
        """One that no clip has."""
        while True:
            self._count += 1
            identity = f"{kind}-{self._count}"
            if identity not in self.space.ids:
                return identity

    def _point(self, identity: str) -> Float[Tensor, " latent"]:
        found = self.found().get(identity)
        if found is not None:
            return found.latent
        try:
            return self.space.latent(identity)
        except UserError as error:
            raise NotThere(
                f"the point '{identity}' is no longer here: load the page again"
            ) from error


def _put(items: "OrderedDict[str, Item]", identity: str, item: Item, most: int) -> None:
    items[identity] = item
    while len(items) > most:
        items.popitem(last=False)
