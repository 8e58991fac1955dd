"""The key in the address that the studio prints: it lets one browser in, once."""

import hmac
import secrets
import threading
from collections.abc import Callable


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


def keyed_address(address: str, key: str) -> str:
    """The address of a page with a key.

    A browser keeps what follows the sign # to itself: the page reads it there, and no request, log
    or Referer header contains it.

    Example:
        >>> keyed_address("http://127.0.0.1:8765/", "abc")
        'http://127.0.0.1:8765/#key=abc'
    """
    return f"{address}#key={key}"
