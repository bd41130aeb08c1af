"""`crosshook lag`, as people type it, on regions that run."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from cli.admin_api import AdminApi, Wait
from cli.service_call import parse_service_url
from deploy.local import LocalRegions, local_regions
from deploy.local.control.fulfilling import fulfilling
from deploy.local.control.server import control_server
from deploy.own_command import own_command

NAME = "lagging"
IOWA, BELGIUM = "us-iowa", "europe-belgium"
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"


@pytest.fixture(autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No demo of anybody else is found, and none of these by anybody else."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))


@pytest.fixture
async def demo() -> AsyncIterator[LocalRegions]:
    async with local_regions(regions=2, round_trips=10.0) as regions, control_server(NAME) as control:
        control.fulfil = fulfilling(regions)
        yield regions


class Watch:
    """A `crosshook lag --watch` with what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self._reading = asyncio.create_task(self._read())

    def events_behind(self, region: str, column: int) -> list[int]:
        """How many events `region` was behind the origin in `column`, table after table."""
        rows = re.findall(rf"^ {region} +(.+)$", self.output, re.MULTILINE)
        cells = [re.split(r" {3,}", row.strip()) for row in rows]
        return [int(row[column].split(" ")[0]) for row in cells]

    async def sees(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(20):
                while not condition():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(self.output[-4_000:])

    async def ended(self) -> int:
        async with asyncio.timeout(10):
            await self._reading
            return await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while data := await self.process.stdout.read(65_536):
            self.output += data.decode()


async def crosshook(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip


async def outcome(*arguments: str) -> tuple[int | None, str]:
    process = await crosshook(*arguments)
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


@asynccontextmanager
async def watching() -> AsyncIterator[Watch]:
    watch = Watch(await crosshook("lag", "--watch", "--name", NAME))
    try:
        yield watch
    finally:
        if watch.process.returncode is None:
            watch.process.terminate()
        await watch.ended()


@pytest.fixture
async def api_key(demo: LocalRegions) -> str:
    """Issued in Iowa, and known everywhere: the first event of Iowa's log."""
    api = AdminApi(parse_service_url(demo.region(IOWA).http_url), admin_key=demo.admin_key)
    return (await asyncio.to_thread(api.issue, ORGANIZATION, Wait())).key


async def register(url: str, target: str, *, api_key: str) -> None:
    headers = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": api_key}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        body = {"name": "a webhook", "target_url": f"https://hooks.example.com/{target}"}
        assert (await client.post("/organizations/webhooks", json=body)).status_code == 201


@pytest.mark.long
async def test_a_cut_regions_lag_rises_with_every_event_and_falls_to_zero_after_the_heal(
    demo: LocalRegions, api_key: str
) -> None:
    async with watching() as watch:
        await watch.sees(lambda: watch.events_behind(BELGIUM, 0)[-1:] == [0])
        await demo.cut(BELGIUM)
        for number in range(1, 4):
            await register(demo.region(IOWA).http_url, str(number), api_key=api_key)
            await watch.sees(lambda number=number: watch.events_behind(BELGIUM, 0)[-1] == number)  # type: ignore[misc]
        assert "cut off" in watch.output
        await demo.heal(BELGIUM)
        await watch.sees(lambda: watch.events_behind(BELGIUM, 0)[-1] == 0)
        assert set(watch.events_behind(IOWA, 1)) == {0}
        watch.process.send_signal(signal.SIGINT)
        assert await watch.ended() == 0
        assert "Traceback" not in watch.output


@pytest.mark.long
async def test_from_inside_a_cut_region_the_others_are_said_to_be_unknown(demo: LocalRegions, api_key: str) -> None:
    await register(demo.region(IOWA).http_url, "before", api_key=api_key)
    await demo.cut(BELGIUM)
    topology = str(demo.region(BELGIUM).topology)
    observer = str(demo.observer)
    code, output = await outcome("lag", "--topology", topology, "--region", BELGIUM, "--credentials", observer)
    assert code == 0
    assert re.search(
        r"us-iowa: its NATS is not reached.*; not known: where its log ends and what it has applied", output
    )
    assert re.search(rf"^ {BELGIUM} +at \d+ of \? +0 $", output, re.MULTILINE)
    assert re.search(rf"^ {IOWA} +unknown +\? of 0 $", output, re.MULTILINE)


@pytest.mark.long
async def test_on_a_terminal_it_is_as_wide_as_that_and_is_drawn_again_in_place(demo: LocalRegions) -> None:
    await demo.cut(BELGIUM)
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    unsized = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "lag", "--watch", "--name", NAME,
        stdin=terminal, stdout=terminal, stderr=terminal, env={**unsized, "TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    drawn = b""
    try:
        async with asyncio.timeout(20):
            while drawn.count(b"cut off from the other regions") < 2:
                drawn += await asyncio.to_thread(os.read, screen, 65_536)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        os.close(screen)
    assert b"\x1b[1A" in drawn
    lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", drawn.decode()).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) == 60
    assert re.sub(" +", " ", lines[0]) == f"region {IOWA} {BELGIUM}"


async def test_without_a_demo_it_says_how_to_start_one() -> None:
    expected = f"Error: the demo named '{NAME}' does not run; start it with `{own_command()} up --name {NAME}`\n"
    assert await outcome("lag", "--name", NAME) == (1, expected)


async def test_a_topology_without_a_region_of_it_is_one_line() -> None:
    code, output = await outcome("lag", "--topology", "topology.toml")
    assert code == 2
    assert output == "Error: --topology FILE and --region NAME go together: which file, and from which of its regions\n"
