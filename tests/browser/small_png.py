"""Make a browser's screenshot small: the same pixels, in at most 256 colours."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS_MAX = 256
ALIKE = 300
"""Two colours are alike up to this squared distance. A rare colour that is unlike all others stays."""

_RGB, _RGBA, _PALETTE = 2, 6, 3
_CHANNELS = {_RGB: 3, _RGBA: 4}

Pixel = tuple[int, int, int]


def small(png: bytes) -> bytes:
    """The picture with at most 256 colours. `png` has 8 bits a channel, RGB or RGBA."""
    chunks = list(_chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    assert depth == 8
    rows = list(
        _rows(zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT")), width, _CHANNELS[kind])
    )
    counted = Counter(pixel for row in rows for pixel in row)
    palette = _palette(counted)
    place = {pixel: _nearest(pixel, palette) for pixel in counted}
    lines = b"".join(b"\0" + bytes(place[pixel] for pixel in row) for row in rows)
    return SIGNATURE + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)),
            (b"PLTE", b"".join(bytes(pixel) for pixel in palette)),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def _palette(counted: Counter[Pixel]) -> list[Pixel]:
    """The colours from the most common to the rarest, without those that are like an earlier one."""
    palette: list[Pixel] = []
    for pixel, _ in counted.most_common():
        if not palette or _distance(pixel, palette[_nearest(pixel, palette)]) > ALIKE:
            palette.append(pixel)
    return palette[:COLOURS_MAX]


def _nearest(pixel: Pixel, palette: list[Pixel]) -> int:
    return min(range(len(palette)), key=lambda place: _distance(pixel, palette[place]))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(filtered: bytes, width: int, channels: int) -> Iterator[list[Pixel]]:
    """Undo the filter of each line (PNG specification, section 9)."""
    length = width * channels
    above = bytes(length)
    for at in range(0, len(filtered), length + 1):
        line = _unfiltered(filtered[at], bytearray(filtered[at + 1 : at + 1 + length]), above, channels)
        yield [(line[x], line[x + 1], line[x + 2]) for x in range(0, length, channels)]
        above = line


def _unfiltered(kind: int, line: bytearray, above: bytes, channels: int) -> bytes:
    for x in range(len(line)):
        left = line[x - channels] if x >= channels else 0
        corner = above[x - channels] if x >= channels else 0
        line[x] = (line[x] + (0, left, above[x], (left + above[x]) // 2, _paeth(left, above[x], corner))[kind]) & 255
    return bytes(line)


def _paeth(left: int, above: int, corner: int) -> int:
    return min((left, above, corner), key=lambda one: abs(left + above - corner - one))


def _distance(one: Pixel, other: Pixel) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
