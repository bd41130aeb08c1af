"""The names and expiries of certificates in PEM files.

Python's `ssl` has no way to read a certificate that it does not verify, so this walks its DER. Source: RFC 5280, 4.1.
"""

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from core.certificates import Certificate

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_VERSION = 0xA0
_UTC_TIME = 0x17
_COMMON_NAME = bytes.fromhex("550403")
_LONG_LENGTH = 0x80

Element = tuple[int, bytes]
"""An element's tag and its content."""


def certificates_in(pem: str) -> list[Certificate]:
    """Every certificate of a PEM file, in its order. Raises `ValueError`."""
    try:
        return [_read(ssl.PEM_cert_to_DER_cert(found)) for found in _PEM.findall(pem)]
    except (IndexError, StopIteration) as error:
        raise ValueError("not a certificate") from error


def _read(der: bytes) -> Certificate:
    to_be_signed = next(_elements(_content(der)))[1]
    fields = [content for tag, content in _elements(to_be_signed) if tag != _VERSION]
    _serial, _algorithm, _issuer, validity, subject, *_ = [*fields, *[b""] * 5]
    return Certificate(name=_common_name(subject), expires_seconds=_seconds(*list(_elements(validity))[1]))


def _content(der: bytes) -> bytes:
    return next(_elements(der))[1]


def _elements(der: bytes) -> Iterator[Element]:
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= _LONG_LENGTH:
            count = length - _LONG_LENGTH
            length, at = int.from_bytes(der[at : at + count]), at + count
        yield tag, der[at : at + length]
        at += length


def _common_name(subject: bytes) -> str:
    """The common name, or `""` if the subject has none."""
    for _set, attributes in _elements(subject):
        for _sequence, attribute in _elements(attributes):
            (_, kind), (_, value) = _elements(attribute)
            if kind == _COMMON_NAME:
                return value.decode(errors="replace")
    return ""


def _seconds(tag: int, text: bytes) -> int:
    """A time as seconds since 1970. Its year has two digits until 2049, and four from then on."""
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return int(datetime.strptime(text.decode(), form).replace(tzinfo=UTC).timestamp())
