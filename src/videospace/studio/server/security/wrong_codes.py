"""The lock after wrong access codes: by client, and a slower one for all."""

import threading
import time
from collections import deque

from starlette.exceptions import HTTPException

from videospace.runtime.messages import Message
from videospace.studio.server.security.clients import client_of

MAX_TRIES, MAX_TRIES_OF_ALL, TRY_SECONDS = 10, 100, 60.0
"""Wrong access codes of one client and of all together that are allowed in this time."""
_MAX_REMEMBERED = 10_000


class WrongCodes:
    """Counts wrong access codes, and locks out a client that tries too many.

    No number of clients can lock out another: after ``MAX_TRIES_OF_ALL`` wrong codes, every client
    still has one try in ``TRY_SECONDS``.
    """

    def __init__(self) -> None:
        self._tried: deque[tuple[float, str]] = deque(maxlen=_MAX_REMEMBERED)
        self._lock = threading.Lock()

    def check(self, address: str, *, is_right: bool) -> bool:
        """Return ``is_right`` and count a wrong code, unless the client is locked out.

        Args:
            address: IP address that the code comes from.
            is_right: Whether it is the access code.

        Raises:
            HTTPException: The client or all clients tried too many wrong codes (429).
        """
        now, client = time.monotonic(), client_of(address)
        with self._lock:
            while self._tried and now - self._tried[0][0] >= TRY_SECONDS:
                self._tried.popleft()
            num_tries = sum(other == client for _, other in self._tried)
            if num_tries >= (MAX_TRIES if len(self._tried) < MAX_TRIES_OF_ALL else 1):
                raise HTTPException(
                    429, Message("too many wrong codes: wait a minute and try again")
                )
            if not is_right:
                self._tried.append((now, client))
            return is_right
