"""A name with several addresses is reached if one of them answers, and the others leave no socket open."""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uvloop

from adapters import dialling
from adapters.dialling import NEXT_ADDRESS_SECONDS, Address, Dialler
from tests.swallowing import swallowing

NAME = "several.test"
ONE, TWO, THREE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
BOUND_SECONDS = 20

Names = Callable[..., None]


def at(host: str, port: int) -> Address:
    if ":" in host:
        return Address(socket.AF_INET6, (host, port, 0, 0))
    return Address(socket.AF_INET, (host, port))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Makes `NAME` resolve to these addresses."""

    def stands_for(*hosts: str) -> None:
        async def look_up(_: str, port: int) -> list[Address]:
            return [at(host, port) for host in hosts]

        monkeypatch.setattr(dialling, "look_up", look_up)

    return stands_for


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a listener at `ONE`."""
    with socket.create_server((ONE, 0)) as listener:
        yield listener.getsockname()[1]


async def reached(dialler: Dialler, timeout_seconds: float = BOUND_SECONDS) -> Address:
    address, connected = await dialler.connect(timeout_seconds=timeout_seconds)
    with connected:
        assert connected.getpeername() == address.at
    return address


def open_files() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_the_next_address_is_tried_while_one_that_swallows_packets_is_waited_for(
    names: Names, port: int, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    names(TWO, ONE)
    with swallowing(TWO, port), asyncio.Runner(loop_factory=new_loop) as runner:
        began = time.monotonic()
        assert runner.run(reached(Dialler(NAME, port))) == at(ONE, port)
    assert NEXT_ADDRESS_SECONDS <= time.monotonic() - began < BOUND_SECONDS / 2


async def test_the_next_address_is_tried_at_once_if_one_refuses(
    names: Names, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling, "NEXT_ADDRESS_SECONDS", BOUND_SECONDS)
    names(TWO, ONE)
    async with asyncio.timeout(BOUND_SECONDS / 4):
        assert await reached(Dialler(NAME, port)) == at(ONE, port)


async def test_a_slow_address_is_still_used_if_all_after_it_refuse(
    names: Names, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answers only after the others were tried."""
    connect = dialling.connect_to

    async def slowly(address: Address) -> socket.socket:
        if address == at(ONE, port):
            await asyncio.sleep(2 * NEXT_ADDRESS_SECONDS)
        return await connect(address)

    monkeypatch.setattr(dialling, "connect_to", slowly)
    names(ONE, TWO, THREE)
    assert await reached(Dialler(NAME, port)) == at(ONE, port)


async def test_twenty_addresses_that_swallow_packets_do_not_use_up_the_time_of_the_last(
    names: Names, port: int
) -> None:
    many = [f"127.0.1.{number}" for number in range(1, 21)]
    names(*many, ONE)
    with ExitStack() as stack:
        for host in many:
            stack.enter_context(swallowing(host, port))
        assert await reached(Dialler(NAME, port), timeout_seconds=2) == at(ONE, port)


async def test_if_no_address_answers_the_error_names_each_with_its_reason(names: Names, port: int) -> None:
    names(TWO, THREE)
    told = f"^{TWO}:{port}: no answer within 0.5 s; {THREE}:{port}: Connection refused$"
    with swallowing(TWO, port), pytest.raises(OSError, match=told):
        await reached(Dialler(NAME, port), timeout_seconds=0.5)


async def test_a_single_address_raises_its_own_error(port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        await reached(Dialler(TWO, port))
    with swallowing(TWO, port), pytest.raises(TimeoutError, match=r"^no answer within 0\.2 s$"):
        await reached(Dialler(TWO, port), timeout_seconds=0.2)


async def test_a_look_up_that_takes_too_long_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_up(_: str, __: int) -> list[Address]:
        await asyncio.sleep(BOUND_SECONDS)
        return []

    monkeypatch.setattr(dialling, "look_up", look_up)
    with pytest.raises(TimeoutError, match=rf"^no address for {NAME} within 0\.1 s$"):
        await reached(Dialler(NAME, 1), timeout_seconds=0.1)


@pytest.mark.parametrize("host", [ONE, "::1", "localhost"])
async def test_a_host_name_is_looked_up_and_an_address_is_used_directly(host: str) -> None:
    assert at("127.0.0.1" if host == "localhost" else host, 80) in await dialling.look_up(host, 80)


async def test_the_two_families_take_turns(names: Names, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Address] = []

    async def refuse(address: Address) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError(errno.ECONNREFUSED, "")

    monkeypatch.setattr(dialling, "connect_to", refuse)
    names("::2", "::3", "::4", TWO, THREE)
    with pytest.raises(OSError, match=rf"\[::2\]:{port}: Connection refused; {TWO}:{port}: Conn"):
        await reached(Dialler(NAME, port))
    assert [address.at[0] for address in tried] == ["::2", TWO, "::3", THREE, "::4"]


async def test_an_address_that_failed_is_tried_after_the_others_and_they_take_turns(names: Names, port: int) -> None:
    names(ONE, TWO)
    dialler, used = Dialler(NAME, port), []
    with socket.create_server((TWO, port)):
        for _ in range(4):
            used.append(await reached(dialler))
            dialler.avoid(used[-1])
    assert used == [at(ONE, port), at(TWO, port)] * 2
    assert await reached(dialler) == at(ONE, port), "the name has no other address"


async def test_a_late_or_abandoned_connection_leaves_nothing_open(names: Names, port: int) -> None:
    before = open_files()
    names(TWO, THREE, ONE)
    with swallowing(TWO, port), swallowing(THREE, port):
        await reached(Dialler(NAME, port))
        given_up = asyncio.create_task(reached(Dialler(NAME, port)))
        await asyncio.sleep(NEXT_ADDRESS_SECONDS / 5)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
    async with asyncio.timeout(BOUND_SECONDS):
        while open_files() - before:
            await asyncio.sleep(0.01)


async def test_if_two_addresses_answer_at_the_same_moment_one_is_closed(
    names: Names, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []
    both = asyncio.Barrier(2)

    async def together(_: Address) -> socket.socket:
        await both.wait()
        made.append(socket.create_connection((ONE, port)))
        return made[-1]

    monkeypatch.setattr(dialling, "connect_to", together)
    names(ONE, TWO)
    _, connected = await Dialler(NAME, port).connect(timeout_seconds=BOUND_SECONDS)
    with connected:
        async with asyncio.timeout(BOUND_SECONDS):
            while len([one for one in made if one.fileno() >= 0]) > 1:
                await asyncio.sleep(0.01)
        assert len(made) == 2
        assert connected.fileno() >= 0
