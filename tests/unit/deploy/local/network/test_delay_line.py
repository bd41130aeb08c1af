"""A delay line keeps order and bytes, whatever happens to its delay and to the wire."""

import random

from deploy.local.network.delay_line import CHUNK_OVERHEAD_BYTES, END, DelayLine, End


def a_line(*, delay_seconds: float = 0.1, limit_bytes: int = 10_000, held: bool = False) -> DelayLine:
    return DelayLine(delay_seconds=delay_seconds, limit_bytes=limit_bytes, held=held)


def everything_due(line: DelayLine, *, now: float) -> list[bytes | End]:
    chunks = []
    while (chunk := line.pop(now=now)) is not None:
        chunks.append(chunk)
    return chunks


def test_a_chunk_comes_out_after_the_delay_and_not_before() -> None:
    line = a_line(delay_seconds=0.1)
    line.push(b"a", now=5.0)
    assert line.due == 5.1
    assert line.pop(now=5.0999) is None
    assert line.pop(now=5.1) == b"a"
    assert line.due is None


def test_a_shorter_delay_does_not_let_later_chunks_overtake() -> None:
    line = a_line(delay_seconds=1.0)
    line.push(b"first", now=0.0)
    line.delay_seconds = 0.0
    line.push(b"second", now=0.1)
    assert everything_due(line, now=0.9) == []
    assert everything_due(line, now=1.0) == [b"first", b"second"]


def test_a_held_line_lets_nothing_out_until_a_delay_after_its_release() -> None:
    line = a_line(delay_seconds=0.1)
    line.push(b"a", now=0.0)
    line.hold()
    line.push(b"b", now=1.0)
    line.push(END, now=1.0)
    assert line.due is None
    assert everything_due(line, now=9.0) == []
    line.release(now=10.0)
    assert everything_due(line, now=10.05) == []
    assert everything_due(line, now=10.1) == [b"a", b"b", END]


def test_what_comes_in_after_a_release_does_not_overtake_what_was_held() -> None:
    line = a_line(delay_seconds=1.0)
    line.hold()
    line.push(b"held", now=0.0)
    line.release(now=10.0)
    line.delay_seconds = 0.0
    line.push(b"new", now=10.1)
    assert everything_due(line, now=10.5) == []
    assert everything_due(line, now=11.0) == [b"held", b"new"]


def test_many_empty_chunks_fill_a_line_too() -> None:
    line = a_line(limit_bytes=10 * CHUNK_OVERHEAD_BYTES)
    for _ in range(10):
        assert not line.is_full
        line.push(b"", now=0.0)
    assert line.is_full
    assert not line.has_room


def test_a_full_line_has_room_again_when_it_is_half_empty() -> None:
    line = a_line(delay_seconds=0.0, limit_bytes=4 * (1_000 + CHUNK_OVERHEAD_BYTES))
    for _ in range(4):
        line.push(bytes(1_000), now=0.0)
    assert line.is_full
    line.pop(now=0.0)
    assert not line.is_full
    assert not line.has_room
    line.pop(now=0.0)
    assert line.has_room


def test_a_cleared_line_holds_nothing() -> None:
    line = a_line()
    line.push(b"a", now=0.0)
    line.clear()
    assert line.size_bytes == 0
    assert line.due is None


def test_any_history_of_delays_holds_and_releases_keeps_order_and_loses_nothing() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(200):
        line = a_line(delay_seconds=chance.random(), held=chance.random() < 0.2)
        now, pushed, popped = 0.0, [], []
        for step in range(chance.randrange(40)):
            now += chance.random() * 0.3
            match chance.randrange(5):
                case 0 | 1:
                    pushed.append(str(step).encode())
                    line.push(pushed[-1], now=now)
                case 2:
                    line.delay_seconds = chance.random()
                case 3:
                    line.hold()
                case _:
                    line.release(now=now)
            popped += everything_due(line, now=now)
        line.release(now=now)
        assert popped + everything_due(line, now=now + 10) == pushed
        assert line.size_bytes == 0
