import asyncio
import errno
import os
import re
import signal
import socket
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from runtime import server as server_module
from runtime.server import bind, name_of, serve
from runtime.settings import InvalidSetting
from tests.http_client import http_client
from tests.unit.runtime.serving import LOCALHOST, takes


def test_it_listens_at_the_given_address() -> None:
    with bind(LOCALHOST, 0) as listener:
        assert listener.getsockname()[0] == LOCALHOST
        assert not listener.getblocking()


def test_it_listens_on_ipv6_too() -> None:
    with bind("::1", 0) as listener:
        assert listener.family is socket.AF_INET6


@pytest.mark.parametrize("host", ["::1", LOCALHOST])
def test_a_listener_everywhere_on_ipv6_also_accepts_ipv4(host: str) -> None:
    with bind("::", 0) as listener:
        listener.listen()
        socket.create_connection((host, listener.getsockname()[1]), timeout=5).close()


@pytest.fixture
def without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    make = socket.socket

    def of_ipv4(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        if family is socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        return make(family, kind)

    monkeypatch.setattr("runtime.server.socket.socket", of_ipv4)


@pytest.mark.usefixtures("without_ipv6")
def test_on_a_machine_without_ipv6_the_error_about_an_ipv6_address_names_one_to_use() -> None:
    with pytest.raises(InvalidSetting) as caught:
        bind("::1", 8080)
    assert str(caught.value) == (
        "CROSSHOOK_LISTEN: expected an address of IPv4, such as 0.0.0.0:8080"
        " (Address family not supported by protocol: this machine has no IPv6), got '[::1]:8080'"
    )


@pytest.mark.usefixtures("without_ipv6")
def test_on_a_machine_without_ipv6_everywhere_is_every_address_of_ipv4() -> None:
    with bind("::", 0) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"  # noqa: S104 - the address under test


def test_a_process_is_named_by_its_machine_and_its_port_at_any_address() -> None:
    with bind("0.0.0.0", 0) as listener:  # noqa: S104 - the name does not contain it
        assert name_of(listener) == f"{socket.gethostname()}:{listener.getsockname()[1]}"


def test_an_address_in_use_is_one_line_that_names_the_setting_and_the_address() -> None:
    with socket.create_server((LOCALHOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSetting) as caught:
            bind(LOCALHOST, port)
    expected = "CROSSHOOK_LISTEN: expected an address that is free (Address already in use), got "
    assert str(caught.value) == f"{expected}'{LOCALHOST}:{port}'"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "no..host", "x" * 70])
def test_an_address_that_is_not_of_this_machine_is_one_line_too(host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    with pytest.raises(InvalidSetting, match=rf"^CROSSHOOK_LISTEN: expected .*, got '{re.escape(shown)}:8080'$"):
        bind(host, 8080)


class Held:
    """An application that answers when the test allows it."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(
        self, _scope: MutableMapping[str, Any], _receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        self.asked.set()
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_after_a_signal_requests_in_flight_finish_and_new_ones_are_not_accepted(number: signal.Signals) -> None:
    app, drained, listener = Held(), list[float](), bind(LOCALHOST, 0)
    port = listener.getsockname()[1]
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(serve(app, listener, drain_seconds=5, on_drain=drained.append))
    async with http_client(f"http://{LOCALHOST}:{port}") as client:
        request = asyncio.create_task(client.get("/"))
        async with asyncio.timeout(5):
            await app.asked.wait()
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            while not drained:
                await asyncio.sleep(0.01)
            while await takes(port):
                await asyncio.sleep(0.01)
        assert not request.done()
        assert not serving.done()
        app.may_answer.set()
        async with asyncio.timeout(5):
            assert (await request).text == "ok"
            await serving
    assert len(drained) == 1, "a second signal changes nothing"
    assert 0 < drained[0] - loop.time() <= 5


async def test_the_date_of_responses_follows_the_clock_and_the_end_waits_for_no_renewal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_module, "DATE_SECONDS", 0.01)
    app, drained, listener = Held(), list[float](), bind(LOCALHOST, 0)
    app.may_answer.set()
    serving = asyncio.create_task(serve(app, listener, drain_seconds=5, on_drain=drained.append))
    async with http_client(f"http://{LOCALHOST}:{listener.getsockname()[1]}") as client, asyncio.timeout(5):
        first = (await client.get("/")).headers["date"]
        while (await client.get("/")).headers["date"] == first:
            await asyncio.sleep(0.01)
    monkeypatch.setattr(server_module, "DATE_SECONDS", 60)
    await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await serving
    assert len(drained) == 1


@pytest.mark.usefixtures("logging_as_before")
async def test_a_process_whose_standard_error_is_closed_stops_on_a_signal(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as gone:
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=gone))
    serving = asyncio.create_task(serve(Held(), bind(LOCALHOST, 0), drain_seconds=1))
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await serving
