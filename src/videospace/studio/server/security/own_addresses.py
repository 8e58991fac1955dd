"""The addresses of this machine that other devices see."""

import ipaddress
import socket


def own_addresses(host: str) -> list[str]:
    """The address itself or, if it means all addresses, those of this machine, the likeliest first.

    Example:
        >>> own_addresses("192.168.1.5")
        ['192.168.1.5']
    """
    any_address = ipaddress.ip_address(host)
    if not any_address.is_unspecified:
        return [host]
    found = [_outgoing(any_address.version), *_named()]
    own = [address for address in dict.fromkeys(found) if address is not None]
    return [each for each in own if not ipaddress.ip_address(each).is_loopback] or ["127.0.0.1"]


def _outgoing(version: int) -> str | None:
    """The address that other devices see. The host's own name often resolves to 127.0.0.1."""
    family, elsewhere = {
        4: (socket.AF_INET, "192.0.2.1"),  # reserved for documentation
        6: (socket.AF_INET6, "2001:db8::1"),
    }[version]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))  # sends nothing
            return probe.getsockname()[0]
    except OSError:
        return None


def _named() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(each[4][0]).partition("%")[0] for each in found]
