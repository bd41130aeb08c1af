"""The header `Host` (RFC 9112, section 3.2; RFC 3986, section 3.2.2)."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from runtime.refusals import Refusal, Refused

UNNAMED = b"localhost"
"""The host that the application sees if the client named none: frameworks fail if they cannot make a URL of it."""

_NAME = rb"(?P<name>(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)"
_LITERAL = rb"\[(?:(?P<ipv6>[0-9A-Fa-f:.]+)|v[0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+)\]"
_HOST = re.compile(rb"(?:%b|%b)(?::(?P<port>[0-9]*))?" % (_LITERAL, _NAME))
_PORT_MAX = 65_535


def shown_host(values: list[bytes], *, is_required: bool) -> bytes:
    """The one `Host` that the application sees, from the request's `values`. Raises `Refused`.

    An empty host, and a port above 65535, are valid syntax: such a request is served as `UNNAMED`.
    """
    if not values and not is_required:
        return UNNAMED
    if len(values) != 1:
        raise _invalid("header Host", f"it once, got it {len(values)} times")
    return host_in(values[0], part="header Host")


@lru_cache(maxsize=256)
def host_in(value: bytes, *, part: str) -> bytes:
    """The host in this part of a request, or `UNNAMED` if it names no reachable place. Raises `Refused`."""
    found = _HOST.fullmatch(value)
    if found is None or not _is_address(found["ipv6"]):
        raise _invalid(part, "a host such as example.com:8080 or [2001:db8::1]")
    names_place = bool(found["name"] or found["ipv6"])
    return value if names_place and _is_port(found["port"] or b"0") else UNNAMED


def _is_port(digits: bytes) -> bool:
    """Strips zeros first: a head may hold more digits than `int` accepts."""
    significant = digits.lstrip(b"0")
    return len(significant) <= len(str(_PORT_MAX)) and int(significant or b"0") <= _PORT_MAX


def _is_address(ipv6: bytes | None) -> bool:
    if ipv6 is None:
        return True
    try:
        IPv6Address(ipv6.decode())
    except AddressValueError:
        return False
    return True


def _invalid(part: str, expected: str) -> Refused:
    return Refused(Refusal(400, f"{part}: expected {expected}", "host"))
