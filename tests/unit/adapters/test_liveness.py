import asyncio
from typing import Any, cast

import pytest

from adapters import liveness as liveness_module
from adapters.liveness import Liveness


class Client:
    """A client that counts messages and pings. Its server answers a ping if it is told to."""

    def __init__(self) -> None:
        self.stats = {"in_msgs": 0}
        self.pings = 0
        self.answers = True

    async def flush(self, timeout: int) -> None:  # noqa: ASYNC109 - the client's own
        self.pings += 1
        if not self.answers:
            await asyncio.sleep(timeout)
            raise TimeoutError


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(liveness_module, "SILENT_SECONDS", 0.05)
    monkeypatch.setattr(liveness_module, "PONG_SECONDS", 0.1)
    monkeypatch.setattr(liveness_module, "POLL_SECONDS", 0.01)
    return Client()


async def look_until_silent(liveness: Liveness, seconds: float, *, each: Any = lambda: None) -> float:  # noqa: ANN401
    loop = asyncio.get_running_loop()
    begin, lost = loop.time(), loop.create_future()
    while not liveness.is_silent and loop.time() < begin + seconds:
        each()
        liveness.look()
        await liveness.pause(lost)
    return loop.time() - begin


async def test_a_server_that_sends_is_not_pinged(client: Client) -> None:
    def message() -> None:
        client.stats["in_msgs"] += 3

    client.answers = False
    await look_until_silent(Liveness(cast("Any", client)), 0.3, each=message)
    assert client.pings == 0


async def test_a_silent_server_is_pinged_once_for_each_silence_and_lives_as_long_as_it_answers(client: Client) -> None:
    liveness = Liveness(cast("Any", client))
    await look_until_silent(liveness, 0.32)
    assert 2 <= client.pings <= 6
    assert not liveness.is_silent


async def test_a_server_that_answers_no_ping_is_silent_after_one(client: Client) -> None:
    client.answers = False
    liveness = Liveness(cast("Any", client))
    assert 0.15 <= await look_until_silent(liveness, 5) < 2
    assert client.pings == 1


async def test_a_pause_ends_at_once_when_the_session_is_lost(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness_module, "POLL_SECONDS", 60)
    lost = asyncio.get_running_loop().create_future()
    pausing = asyncio.create_task(Liveness(cast("Any", client)).pause(lost))
    await asyncio.sleep(0)
    lost.set_result(None)
    async with asyncio.timeout(2):
        await pausing


async def test_no_ping_is_left_behind(client: Client) -> None:
    client.answers = False
    liveness = Liveness(cast("Any", client))
    while not client.pings:
        liveness.look()
        await asyncio.sleep(0.001)
    await liveness.end()
    assert asyncio.all_tasks() == {asyncio.current_task()}
