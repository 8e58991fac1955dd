"""The keys in addresses, which let one browser in, once."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable

VALID_MINUTES = 10
"""How long a key for another device lets it in."""
MAX_INVITATIONS = 20
"""Keys that wait for a device; one more replaces the oldest."""


class LinkKey:
    """A key that works once; then there is a new one.

    A browser writes each address that it opens into its history, and may send that to other
    machines. So the address there must not let anybody in.

    Args:
        announce: Called with the new key after one was used.

    Example:
        >>> key = LinkKey(print)
        >>> first = key.value
        >>> key.use("wrong")
        False
        >>> key.value == first
        True
    """

    def __init__(self, announce: Callable[[str], None]):
        self._announce, self._lock = announce, threading.Lock()
        self.value = secrets.token_hex(16)

    def use(self, given: str) -> bool:
        """Whether a text is the key, which does not work a second time."""
        with self._lock:
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self.value.encode()):
                return False
            self.value = secrets.token_hex(16)
        self._announce(self.value)
        return True


class Invitations:
    """Keys for other devices, which pages show that were let in themselves.

    Args:
        clock: Returns seconds.

    Example:
        >>> invitations = Invitations()
        >>> key = invitations.new()
        >>> invitations.use(key), invitations.use(key)
        (True, False)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, threading.Lock()
        self._ends: dict[str, float] = {}  # by key, when it ends

    def new(self) -> str:
        """Another key."""
        key = secrets.token_hex(16)
        with self._lock:
            if len(self._ends) >= MAX_INVITATIONS:
                del self._ends[next(iter(self._ends))]
            self._ends[key] = self._clock() + 60 * VALID_MINUTES
        return key

    def use(self, given: str) -> bool:
        """Whether a text is such a key, which does not work a second time."""
        text = given.encode("utf-8", "replace")
        with self._lock:
            found = [key for key in self._ends if hmac.compare_digest(text, key.encode())]
            return any(self._ends.pop(key) > self._clock() for key in found)


def keyed_address(address: str, key: str) -> str:
    """The address of a page with a key.

    A browser keeps what follows the sign # to itself: the page reads it there, and no request, log
    or Referer header contains it.

    Example:
        >>> keyed_address("http://127.0.0.1:8765/", "abc")
        'http://127.0.0.1:8765/#key=abc'
    """
    return f"{address}#key={key}"
