"""Consistency tokens: a vector as a client carries it from one response to its next request, in any region.

The text is a version, a point, and base64url of one entry an origin: 3 bytes of its code, 1 byte of its epoch's length,
the epoch, 6 bytes of the sequence. Ten regions with epochs of ten characters make 269 characters.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple

from core.positions import Epoch, Position, Sequence, Vector
from core.stamps import origin_code
from core.topology import REGIONS_MAX

TOKEN_CHARACTERS_MAX = 512
_EPOCH_CHARACTERS_MAX = 16
_TEXT = re.compile(r"1\.([A-Za-z0-9_-]*)")


class Place(NamedTuple):
    """A place in one origin's log."""

    epoch: Epoch
    sequence: Sequence


Token = Mapping[str, Place]
"""Origin's code -> the place up to which a state must have its log. A missing origin may be at any place."""


class InvalidToken(ValueError):
    """The text is not a token of a known version."""


def token_of(vector: Vector) -> Token:
    """The token of a state with that vector."""
    return {origin_code(origin): Place(mark.epoch, mark.sequence) for origin, mark in vector.items() if mark.sequence}


def token_at(position: Position) -> Token:
    """The token of a state that includes `position`."""
    return {origin_code(position.origin): Place(position.epoch, position.sequence)}


def highest(old: Token, new: Token) -> Token:
    """The token of a state that includes both. If epochs differ, `new` counts.

    If there are more origins than a topology can have, those of `new` count first, then the first of `old`.
    """
    merged = dict(new)
    for code, place in old.items():
        known = merged.get(code)
        if (known is None and len(merged) < REGIONS_MAX) or (
            known is not None and known.epoch == place.epoch and known.sequence < place.sequence
        ):
            merged[code] = place
    return merged


def render_token(token: Token) -> str:
    """The text of `token`, the same for equal ones."""
    entries = (
        bytes.fromhex(code) + bytes([len(place.epoch)]) + place.epoch.encode() + place.sequence.to_bytes(6)
        for code, place in sorted(token.items())
    )
    return "1." + urlsafe_b64encode(b"".join(entries)).decode().rstrip("=")


def parse_token(text: str) -> Token:
    """The token that `text` is. Raises `InvalidToken`."""
    found = _TEXT.fullmatch(text) if len(text) <= TOKEN_CHARACTERS_MAX else None
    if found is None:
        raise InvalidToken
    try:
        data = urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
        token = dict(_entries(data))
    except (ValueError, IndexError) as error:
        raise InvalidToken from error
    is_short = all(len(place.epoch) <= _EPOCH_CHARACTERS_MAX for place in token.values())
    if render_token(token) != text or len(token) > REGIONS_MAX or not is_short:
        raise InvalidToken
    return token


def _entries(data: bytes) -> list[tuple[str, Place]]:
    entries, start = [], 0
    while start < len(data):
        middle = start + 4 + data[start + 3]
        epoch = Epoch(data[start + 4 : middle].decode("ascii"))
        entries.append(
            (data[start : start + 3].hex(), Place(epoch, Sequence(int.from_bytes(data[middle : middle + 6]))))
        )
        start = middle + 6
    return entries
