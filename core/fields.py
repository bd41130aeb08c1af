"""The fields of a webhook: each value that a caller sent becomes the value that the log keeps, or `InvalidField`."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from core.durations import InvalidDuration, nanoseconds


class HeaderLimits(NamedTuple):
    """How many custom headers a webhook can have, and how many bytes of UTF-8 each, its name included."""

    headers_max: int = 64
    header_bytes_max: int = 1_024


USUAL = HeaderLimits()
TIMEOUT_MAX_NANOSECONDS = 20_000_000_000
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")
_RESERVED_HEADER = re.compile(
    r"(?:connection|content-length|content-type|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade"
    r"|(?:proxy|webhook)-.*)",
    re.IGNORECASE,
)
RESERVED_HEADERS = "the framing and connection headers, Content-Type and webhook-*"
"""What `_RESERVED_HEADER` matches, in words: each call sets these headers itself, or they would break it."""
_URL = re.compile(r"[!-~]+")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
"""RFC 3986, section 3.3: each character of a path is a pchar or a slash, and escapes are complete."""


class InvalidField(ValueError):
    """A field has a value that is not accepted."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NoLongerTaken(InvalidField):
    """A field has a value that only an earlier version accepted, so a webhook may still have it."""


def name(text: str) -> str:
    """A webhook's name: not blank."""
    if not text.strip():
        raise InvalidField("name", "expected a name that is not blank")
    return text


def target_url(text: str) -> str:
    """Where a webhook is called: https, a host name (no `localhost`, no IP address), no query, no fragment."""
    if not _URL.fullmatch(text):
        raise InvalidField("target_url", "expected an https URL of printable ASCII characters without spaces")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidField("target_url", f"expected an https URL ({error})") from None
    if parts.scheme != "https":
        raise InvalidField("target_url", "expected a URL that starts with https://")
    if parts.username is not None or parts.password is not None:
        raise InvalidField("target_url", "expected a URL without a user name or password")
    if "?" in text or "#" in text:
        raise InvalidField("target_url", "expected a URL without a query (?…) or fragment (#…)")
    if "[" in parts.netloc or not _is_public_name(host):
        raise InvalidField("target_url", "expected a host name that is neither localhost nor an IP address")
    if port == 0:
        raise InvalidField("target_url", "expected a port from 1 to 65535")
    if not _PATH.fullmatch(parts.path):
        problem = "expected a path of letters, digits, -._~!$&'()*+,;=:@/ and escapes such as %20 (RFC 3986)"
        raise NoLongerTaken("target_url", problem)
    return text


def _is_public_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return labels[-1].lower() != "localhost" and not _is_number(labels[-1])


def _is_number(label: str) -> bool:
    """Whether URL parsers read a host that ends in this label as an IPv4 address (WHATWG URL, "ends in a number")."""
    return label.isdigit() or re.fullmatch(r"0x[0-9a-f]*", label, re.IGNORECASE) is not None


def timeout(text: str) -> int:
    """A webhook's timeout in nanoseconds, from a Go duration between 0 s and 20 s."""
    expected = 'expected a duration from "0s" to "20s", such as "10s" or "1.5s"'
    try:
        value = nanoseconds(text)
    except InvalidDuration:
        raise InvalidField("timeout", expected) from None
    if not 0 <= value <= TIMEOUT_MAX_NANOSECONDS:
        raise InvalidField("timeout", expected)
    return value


def custom_headers(headers: dict[str, list[str]], *, limits: HeaderLimits = USUAL) -> dict[str, list[str]]:
    """The headers that a webhook is called with: names and values that do not break a call, within `limits`."""
    _check_header_names(headers)
    if sum(max(1, len(values)) for values in headers.values()) > limits.headers_max:
        raise InvalidField("custom_headers", f"expected at most {limits.headers_max} headers, counting each value")
    for header, values in headers.items():
        if not all(_HEADER_VALUE.fullmatch(value) for value in values):
            raise InvalidField("custom_headers", f"expected values without control characters for {header[:80]!r}")
        if any(value != value.strip(" \t") for value in values):
            raise NoLongerTaken("custom_headers", f"expected values without blanks at either end for {header[:80]!r}")
        if any(len((header + value).encode()) > limits.header_bytes_max for value in (values or [""])):
            expected = f"expected at most {limits.header_bytes_max} bytes of name and value for {header[:80]!r}"
            raise InvalidField("custom_headers", expected)
    return headers


def _check_header_names(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for header in names:
        if not _HEADER_NAME.fullmatch(header):
            raise InvalidField("custom_headers", f"expected header names that RFC 9110 allows, got {header[:80]!r}")
        if _RESERVED_HEADER.fullmatch(header):
            problem = f"expected names other than {RESERVED_HEADERS}, got {header[:80]!r}"
            raise NoLongerTaken("custom_headers", problem)
        if (other := seen.setdefault(header.lower(), header)) != header:
            problem = f"expected names that differ by more than case, got {other[:80]!r} and {header[:80]!r}"
            raise NoLongerTaken("custom_headers", problem)
