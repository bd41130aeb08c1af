import asyncio

from service.watermarks.alarms import MOMENT_SECONDS, Alarms


def in_seconds(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_call_is_made_at_its_time_and_at_most_a_moment_later() -> None:
    alarms, loop = Alarms(), asyncio.get_running_loop()
    rung: asyncio.Future[float] = loop.create_future()
    at = in_seconds(0.05)
    alarms.add(at, lambda: rung.set_result(loop.time()))
    async with asyncio.timeout(5):
        assert await rung >= at - 0.001
    assert await rung - at < 1, "on a busy machine it may be late, but it does not wait for anything else"


async def test_all_calls_of_one_moment_share_a_timer_and_each_can_be_removed() -> None:
    alarms, calls = Alarms(), list[str]()
    done = asyncio.Event()

    def first() -> None:
        calls.append("first")

    def second() -> None:
        calls.append("second")
        done.set()

    at = MOMENT_SECONDS * 10 + in_seconds(0)
    moment = alarms.add(at, first)
    assert alarms.add(at, second) == moment
    alarms.remove(moment, first)
    async with asyncio.timeout(5):
        await done.wait()
    assert calls == ["second"]
    alarms.remove(moment, second)


async def test_a_moment_whose_calls_are_all_removed_is_forgotten_and_can_come_again() -> None:
    alarms = Alarms()
    rung = asyncio.Event()
    at = in_seconds(0.02)
    alarms.remove(alarms.add(at, rung.set), rung.set)
    alarms.ring_all()
    assert not rung.is_set()
    alarms.add(at, rung.set)
    async with asyncio.timeout(5):
        await rung.wait()


async def test_all_calls_can_be_made_at_once() -> None:
    alarms, calls = Alarms(), list[float]()
    for seconds in (60.0, 600.0):
        alarms.add(in_seconds(seconds), lambda seconds=seconds: calls.append(seconds))  # type: ignore[misc]  # its default binds the value
    alarms.ring_all()
    assert sorted(calls) == [60.0, 600.0]
    alarms.ring_all()
    assert len(calls) == 2
