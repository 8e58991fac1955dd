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

    @property
    @abc.abstractmethod
    def waits_since(self) -> float:
        """Since when no request is under way, if none is, on a clock that all connections share."""

    @property
    @abc.abstractmethod
    def has_requested(self) -> bool:
        """Whether it has ever brought the whole head of a request."""

    @property
    @abc.abstractmethod
    def is_new(self) -> bool:
        """Whether its first request may still be under way, since it was opened only now."""

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
    then the one that is idle longest, and last a new one: a browser sends a request again whose
    connection served others before, and gives up one whose connection is new. A connection with a
    request under way is never pushed out.
    """

    def __init__(self) -> None:
        # By client, in the order of their arrival.
        self._held: collections.defaultdict[str, dict[Connection, None]] = collections.defaultdict(
            dict
        )

    def make_room(self, client: str) -> bool:
        """Push out a connection if a new one of this client would be one too many.

        Args:
            client: Who opens it.

        Returns:
            Whether there is room; if not, the new connection has to be refused.
        """
        if len(self._held.get(client, ())) >= MAX_OF_CLIENT:
            return self._push_out_one([client])
        if sum(map(len, self._held.values())) < MAX_CONNECTIONS:
            return True
        largest_first = sorted(self._held, key=lambda each: len(self._held[each]), reverse=True)
        return self._push_out_one(largest_first)

    def add(self, connection: Connection) -> None:
        """Count a new connection."""
        self._held[connection.holder][connection] = None

    def remove(self, connection: Connection) -> None:
        """Stop counting one, if it was not pushed out already."""
        held = self._held.get(connection.holder, {})
        held.pop(connection, None)
        if not held:
            self._held.pop(connection.holder, None)

    def push_out_waiting(self) -> None:
        """Push out all that wait."""
        while self._push_out_one(list(self._held)):
            pass

    def _push_out_one(self, clients: Iterable[str]) -> bool:
        """Push out a connection of the first client that has one which waits."""
        for client in clients:
            waiting = [each for each in self._held[client] if each.is_waiting]
            if waiting:
                loser = min(
                    waiting, key=lambda each: (each.is_new, each.has_requested, each.waits_since)
                )
                self.remove(loser)
                loser.push_out()
                return True
        return False
