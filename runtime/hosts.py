"""`Host`, as RFC 9112 (section 3.2) and RFC 3986 (section 3.2.2) have it."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from runtime.refusals import Refusal, Refused

UNNAMED = b"localhost"
"""What the application is shown if the client named no place: frameworks make a URL of it, and fail if they cannot."""

_NAME = rb"(?P<name>(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)"
_LITERAL = rb"\[(?:(?P<ipv6>[0-9A-Fa-f:.]+)|v[0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+)\]"
_HOST = re.compile(rb"(?:%b|%b)(?::(?P<port>[0-9]*))?" % (_LITERAL, _NAME))
_PORT_MAX = 65_535


def shown_host(values: list[bytes], *, is_required: bool) -> bytes:
    """The one `Host` to show the application, of those that a request has. Raises `Refused`.

    A client may leave the host empty, and any digits are a port: such a request is served as `UNNAMED`.
    """
    if not values and not is_required:
        return UNNAMED
    if len(values) != 1:
        raise _invalid("header Host", f"it once, got it {len(values)} times")
    return host_in(values[0], part="header Host")


@lru_cache(maxsize=256)
def host_in(value: bytes, *, part: str) -> bytes:
    """The host that a part of a request names: `UNNAMED` if no place can be called so. Raises `Refused`."""
    found = _HOST.fullmatch(value)
    if found is None or not _is_address(found["ipv6"]):
        raise _invalid(part, "a host such as example.com:8080 or [2001:db8::1]")
    names_place = bool(found["name"] or found["ipv6"])
    return value if names_place and _is_port(found["port"] or b"0") else UNNAMED


def _is_port(digits: bytes) -> bool:
    """`int` takes no number as long as a head may be."""
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
