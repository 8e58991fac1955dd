"""A map of neighbors of an open space, which is computed once in the background."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.neighbor_map import MapMethod, NeighborMap
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message, message_of

Place = tuple[float, float]


class Neighbors:
    """Where the items of a space stand on its map of neighbors.

    Args:
        config: Configuration of the latents.
        method: How the map is computed.
    """

    def __init__(self, config: LatentConfig, method: MapMethod):
        self._config = config
        self._method: MapMethod = method
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._map: NeighborMap | None = None
        self.problem = ""
        """Why there is no map; empty where there is one, or there will be."""
        self.places: dict[str, Place] = {}
        """By item id, the coordinates of all items that have been placed."""

    @property
    def is_ready(self) -> bool:
        """Whether the map is computed."""
        return self._map is not None

    def start(
        self, ids: Sequence[str], latents: Callable[[], Float[Tensor, "clip latent"]]
    ) -> None:
        """Compute the map in the background, at the first call only.

        Args:
            ids: The clips of the map.
            latents: Returns their latents.
        """
        with self._lock:
            if self._thread is None:
                task = threading.Thread(target=self._compute, args=(ids, latents), daemon=True)
                self._thread = task
                task.start()

    def wait(self) -> None:
        """Wait until the map is computed, or has failed."""
        if self._thread is not None:
            self._thread.join()

    def add(self, latents_by_id: Mapping[str, Float[Tensor, " latent"]]) -> None:
        """Place further items on the finished map; those that have a place keep it."""
        with self._lock:
            new = [identity for identity in latents_by_id if identity not in self.places]
            if new and self._map is not None:
                xy = self._map.map_xy(torch.stack([latents_by_id[each] for each in new]))
                self.places.update(_places(new, xy))

    def path(
        self, start: str, end: str, latents: Float[Tensor, "point latent"]
    ) -> Float[Tensor, "point 2"]:
        """The places of the latents between two items, on the finished map.

        Args:
            start: The first item.
            end: The second item.
            latents: From the first item to the second.
        """
        assert self._map is not None, "the caller asks is_ready first"
        self.add({start: latents[0], end: latents[-1]})
        between = self._map.map_xy(latents[1:-1])
        ends = torch.tensor([self.places[start], self.places[end]])
        return torch.cat([ends[:1], between, ends[1:]])

    def _compute(
        self, ids: Sequence[str], latents: Callable[[], Float[Tensor, "clip latent"]]
    ) -> None:
        try:
            found = NeighborMap(latents(), self._config, self._method)
            self.places.update(_places(ids, found.clips_xy))
            self._map = found
        except UserError as error:
            self.problem = message_of(error)
        except Exception:
            logging.getLogger("videospace.studio").exception("the map of neighbors failed")
            self.problem = Message("the studio's terminal window says why")


def _places(ids: Sequence[str], xy: Float[Tensor, "item xy=2"]) -> dict[str, Place]:
    return {identity: (x, y) for identity, (x, y) in zip(ids, xy.tolist(), strict=True)}
