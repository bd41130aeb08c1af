"""A picture that is made small has the same pixels, whichever filter its lines had."""

import struct
import zlib

import pytest

from tests.browser.small_png import SIGNATURE, _chunk, _chunks, small

RED, GREEN, GREY = b"\xc8\x20\x10", b"\x20\x90\x50", b"\x80\x80\x80"
LINES = [RED + GREY + GREY, GREY + GREEN + GREY]
FILTERED = {
    0: LINES,
    1: [b"\xc8\x20\x10\xb8\x60\x70\x00\x00\x00", b"\x80\x80\x80\xa0\x10\xd0\x60\xf0\x30"],
    2: [LINES[0], b"\xb8\x60\x70\xa0\x10\xd0\x00\x00\x00"],
}


def png(kind: int) -> bytes:
    lines = b"".join(bytes([kind]) + line for line in FILTERED[kind])
    head = struct.pack(">IIBBBBB", 3, 2, 8, 2, 0, 0, 0)
    parts = {b"IHDR": head, b"IDAT": zlib.compress(lines), b"IEND": b""}
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts.items())


@pytest.mark.parametrize("kind", FILTERED)
def test_a_small_picture_has_the_same_pixels(kind: int) -> None:
    chunks = dict(_chunks(small(png(kind))))
    colours = [chunks[b"PLTE"][at : at + 3] for at in range(0, len(chunks[b"PLTE"]), 3)]
    places = zlib.decompress(chunks[b"IDAT"])
    assert len(colours) == 3
    assert [colours[place] for place in places[1:4] + places[5:8]] == [RED, GREY, GREY, GREY, GREEN, GREY]
