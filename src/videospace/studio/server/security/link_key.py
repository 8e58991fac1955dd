"""The key in the address that the studio prints: it lets one browser in, once."""

import hmac
import secrets
import threading
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

KEY_PARAMETER = "key"


class LinkKey:
    """A key that works once; then there is a new one.

    A browser writes each address that it opens into its history, and may send the history to other
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


def split_key(query: str) -> tuple[str | None, str]:
    """The key in the query of an address, and the query without it.

    Example:
        >>> split_key("key=abc&page=2")
        ('abc', 'page=2')
        >>> split_key("page=2")
        (None, 'page=2')
    """
    fields = parse_qsl(query, keep_blank_values=True)
    given = [value for name, value in fields if name == KEY_PARAMETER]
    rest = urlencode([(name, value) for name, value in fields if name != KEY_PARAMETER])
    return (given[0], rest) if given else (None, query)


def keyed_address(address: str, key: str) -> str:
    """The address of a page with a key.

    Example:
        >>> keyed_address("http://127.0.0.1:8765/", "abc")
        'http://127.0.0.1:8765/?key=abc'
    """
    return f"{address}?{urlencode({KEY_PARAMETER: key})}"
