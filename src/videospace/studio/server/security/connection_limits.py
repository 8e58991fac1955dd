"""How many connections there may be, of one client and of all together."""

import abc
import collections
from collections.abc import Iterable

MAX_CONNECTIONS, MAX_OF_CLIENT = 200, 50
"""Connections of all clients together, and of one. A browser opens six."""


class Connection(abc.ABC):
    """What has to be known about a connection."""

    holder: str
    """The client that opened it."""
    waits_since: float
    """Since when no request is under way, if none is, on a clock that all connections share."""

    @property
    @abc.abstractmethod
    def has_requested(self) -> bool:
        """Whether it has ever brought the whole head of a request."""

    @property
    @abc.abstractmethod
    def is_waiting(self) -> bool:
        """Whether no request is under way and every answer is sent."""

    @abc.abstractmethod
    def push_out(self) -> None:
        """Close it at once."""


class ConnectionLimits:
    """The open connections. When they are too many, a new one pushes out one that waits.

    The client that holds the most loses one: first the oldest that has never brought a request,
    then the one that is idle longest. A connection with a request under way is never pushed out.
    """

    def __init__(self) -> None:
        self._open: dict[Connection, None] = {}  # in the order of their arrival

    def make_room(self, client: str) -> bool:
        """Push out a connection if a new one of this client would be one too many.

        Args:
            client: Who opens it.

        Returns:
            Whether there is room; if not, the new connection has to be refused.
        """
        of_client = [each for each in self._open if each.holder == client]
        if len(of_client) >= MAX_OF_CLIENT:
            return self._push_out_one(of_client)
        return len(self._open) < MAX_CONNECTIONS or self._push_out_one(self._open)

    def add(self, connection: Connection) -> None:
        """Count a new connection."""
        self._open[connection] = None

    def remove(self, connection: Connection) -> None:
        """Stop counting one, if it was not pushed out already."""
        self._open.pop(connection, None)

    def _push_out_one(self, candidates: Iterable[Connection]) -> bool:
        waiting = [each for each in candidates if each.is_waiting]
        if not waiting:
            return False
        held = collections.Counter(each.holder for each in self._open)
        loser = min(
            waiting, key=lambda each: (-held[each.holder], each.has_requested, each.waits_since)
        )
        self.remove(loser)
        loser.push_out()
        return True
