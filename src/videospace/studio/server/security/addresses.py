"""The addresses in the headers Host and Origin, in one normal form."""

import ipaddress
import re
import socket

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::0*([0-9]{1,5}))?", re.ASCII)


def split_host(host: str) -> tuple[str, int | None] | None:
    """The name and the port of a Host header in their normal form; None if it has no such form.

    Letters become small, an IP address is written the shortest way, and a port has no zeros in
    front. A user name has no place in the header.

    Example:
        >>> split_host("LOCALHOST:08765")
        ('localhost', 8765)
        >>> split_host("[0:0::1]")
        ('::1', None)
        >>> split_host("me@localhost") is None
        True
    """
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return None
    name, port = match[1].strip("[]"), None if match[2] is None else int(match[2])
    try:
        name = str(ipaddress.ip_address(name))
    except ValueError:
        if match[1].startswith("["):
            return None
    return name, port


def is_own_host(host: str, server: tuple[str, int | None] | None) -> bool:
    """Whether a Host header names this machine. This stops DNS rebinding by other sites.

    Args:
        host: The header.
        server: The address and port that received the request.

    Example:
        >>> is_own_host("localhost:8765", ("127.0.0.1", 8765))
        True
        >>> is_own_host("evil.example:8765", ("127.0.0.1", 8765))
        False
    """
    found = split_host(host)
    if server is None or found is None or found[1] not in (server[1], None):
        return False
    name, own = found[0], socket.gethostname().lower()
    try:
        address = ipaddress.ip_address(server[0])
    except ValueError:
        return name == server[0]
    if address.is_loopback:
        return name in ("127.0.0.1", "localhost", "::1")
    return name in (str(address), own, f"{own}.local")


def is_own_origin(origin: str, scheme: str, host: str) -> bool:
    """Whether an Origin header names the site to which a request was sent.

    Args:
        origin: The header.
        scheme: ``http`` or ``https``.
        host: The Host header of the same request.

    Example:
        >>> is_own_origin("http://localhost:8765", "http", "localhost:08765")
        True
        >>> is_own_origin("http://localhost:9000", "http", "localhost:8765")
        False
    """
    named, separator, rest = origin.partition("://")
    site, own = split_host(rest), split_host(host)
    if not separator or named.lower() != scheme or site is None or own is None:
        return False
    default = DEFAULT_PORTS.get(scheme)
    return (site[0], site[1] or default) == (own[0], own[1] or default)
