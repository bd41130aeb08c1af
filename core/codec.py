"""Bytes <-> envelope: JSON on the wire, unknown members skipped."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import msgspec

from core.events import ClockText, Envelope

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


class _Clocked(msgspec.Struct, frozen=True):
    clock: ClockText = ""


_clock_decoder = msgspec.json.Decoder(_Clocked)


class Undecodable(ValueError):
    """This version cannot decode the bytes of an event in a log."""

    reason = "undecodable"


def encode(envelope: Envelope) -> bytes:
    """The envelope as bytes, for the log."""
    return _encoder.encode(envelope)


@contextmanager
def decoding() -> Iterator[None]:
    """Turn what a decoder raises into `Undecodable`."""
    try:
        yield
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(str(error)) from error


def decode(data: bytes) -> Envelope:
    """The envelope in `data`, or `Undecodable` with the reason."""
    with decoding():
        return _decoder.decode(data)


def clock_text_in(data: bytes) -> str:
    """The clock of the envelope or frame in `data`, even of a newer version's; `""` if there is none."""
    try:
        with decoding():
            return _clock_decoder.decode(data).clock
    except Undecodable:
        return ""


def fingerprint(subject: str, data: bytes) -> str:
    """Sixteen characters by which a reader recognizes an event, even one that it cannot decode."""
    return blake2b(data, digest_size=8, key=blake2b(subject.encode(), digest_size=16).digest()).hexdigest()
