import asyncio
from itertools import pairwise

from service.http.starts import STARTS_MAX, Starts


async def test_a_turn_starts_a_bounded_number_of_requests_and_none_is_lost_or_overtaken() -> None:
    starts, loop = Starts(), asyncio.get_running_loop()
    started: list[int] = []
    count = STARTS_MAX * 3 + 1

    async def request(number: int) -> None:
        if (start := starts.next()) is not None:
            await start
        started.append(number)

    sizes, done = [0], asyncio.Event()

    def look() -> None:
        sizes.append(len(started))
        if len(started) < count:
            loop.call_soon(look)
        else:
            done.set()

    requests = [asyncio.create_task(request(number)) for number in range(count)]
    loop.call_soon(look)
    async with asyncio.timeout(5):
        await done.wait()
    assert max(after - before for before, after in pairwise(sizes)) == STARTS_MAX
    assert started == list(range(count))
    await asyncio.gather(*requests)


async def test_a_request_that_was_cancelled_takes_no_place_of_a_turn() -> None:
    starts = Starts()
    for _ in range(STARTS_MAX):
        assert starts.next() is None
    cancelled, *later = [starts.next() for _ in range(STARTS_MAX + 1)]
    assert cancelled is not None
    cancelled.cancel()
    await asyncio.sleep(0)
    assert all(start is not None and start.done() for start in later)


async def test_a_request_after_a_quiet_turn_starts_at_once() -> None:
    starts = Starts()
    for _ in range(STARTS_MAX):
        assert starts.next() is None
    for _ in range(3):
        await asyncio.sleep(0)
    assert starts.next() is None
