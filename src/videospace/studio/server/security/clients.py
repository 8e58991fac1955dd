"""The client of a connection: what limits count together."""

import ipaddress


def client_of(address: str) -> str:
    """Whom an address belongs to: itself, or with IPv6 its network, whose addresses one device has.

    Example:
        >>> client_of("192.168.1.5"), client_of("::ffff:192.168.1.5")
        ('192.168.1.5', '192.168.1.5')
        >>> client_of("2001:db8::1"), client_of("2001:db8::2%eth0")
        ('2001:db8::/64', '2001:db8::/64')
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
