"""The address of a request's client: of its connection, or the one that the proxies in front name.

One client of IPv6 usually has a whole network of 64 bits, so such a network counts as one address.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

FORWARDED_FOR = b"x-forwarded-for"
"""The header to which every proxy appends the address that it was called from."""

PROXIES_MAX = 10
_NETWORK_BITS = 64


def address_of(peer: tuple[str, int] | None, headers: Iterable[tuple[bytes, bytes]], *, trusted_proxies: int) -> str:
    """The address of the client, behind so many proxies. `peer` is the connection's other end.

    The proxies' own entries are the last ones. A client can make up all entries before them. If there are fewer than
    proxies, or if theirs is no address, it is the address of the connection.
    """
    if trusted_proxies:
        entries = b",".join(value for name, value in headers if name == FORWARDED_FOR).split(b",")
        if len(entries) >= trusted_proxies and (named := _named(entries[-trusted_proxies])):
            return named
    return "" if peer is None else network_of(peer[0])


def _named(entry: bytes) -> str:
    """The address in an entry, or `""`. Some proxies append the port too."""
    text = entry.strip().decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return network_of(text)


@lru_cache(maxsize=1_024)
def network_of(text: str) -> str:
    """An address of IPv4, or the network of one of IPv6. `""` if it is neither."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return _of_ipv6(address)
    return str(address)


def _of_ipv6(address: IPv6Address) -> str:
    inner: IPv4Address | None = address.ipv4_mapped
    if inner is not None:
        return str(inner)
    return str(IPv6Network((int(address), _NETWORK_BITS), strict=False))
