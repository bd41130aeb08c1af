"""`crosshook lag`, as typed at a shell, on running regions."""

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

import pytest

from cli.admin_api import AdminApi, Wait
from cli.service_call import parse_service_url
from deploy.local import LocalRegions, local_regions
from deploy.local.control.fulfilling import fulfilling
from deploy.local.control.server import control_server
from deploy.own_command import own_command
from tests.http_client import http_client
from tests.integration.deploy.typed import Printing
from tests.servers_here import accepted_here

NAME = "lagging"
IOWA, BELGIUM = "us-iowa", "europe-belgium"
NONE_BEHIND = f"{IOWA}         0\n{BELGIUM}  0\n"
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"


@pytest.fixture(autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """This test finds only its own demo, and no other test finds it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))


@pytest.fixture
async def demo() -> AsyncIterator[LocalRegions]:
    # Only what the tests write is behind, and only what they do is warned of.
    settings = {"CROSSHOOK_LAST_USED": "never", "CROSSHOOK_PATCHED_SERVERS": accepted_here()}
    async with (
        local_regions(regions=2, round_trips=10.0, settings=settings) as regions,
        control_server(NAME) as control,
    ):
        control.fulfil = fulfilling(regions)
        yield regions


class Watch(Printing):
    """A `crosshook lag --watch`, and what it has printed."""

    def events_behind(self, region: str, origin: str) -> list[int]:
        """How many events `region` was behind `origin` in each table; 0 if the table does not name it."""
        rows: list[str] = re.findall(rf"^{region}\b.*?  (.+)$", self.output, re.MULTILINE)
        found = [re.search(rf"\b{origin}: (?:≤ )?(\d+) event", row) for row in rows]
        return [0 if match is None else int(match[1]) for match in found]

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


async def shown_from_belgium(condition: Callable[[str], bool]) -> str:
    """The first table with which `condition` is met."""
    async with asyncio.timeout(30):
        while True:
            code, output = await outcome("lag", "--name", NAME, "--region", BELGIUM)
            assert code == 0, output
            if condition(output):
                return output


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
    async with http_client(url, headers=headers) as client:
        body = {"name": "a webhook", "target_url": f"https://hooks.example.com/{target}"}
        assert (await client.post("/organizations/webhooks", json=body)).status_code == 201


@pytest.mark.long
async def test_a_cut_regions_lag_rises_with_every_event_and_falls_to_zero_after_the_heal(
    demo: LocalRegions, api_key: str
) -> None:
    async with watching() as watch:
        await watch.sees(lambda: watch.events_behind(BELGIUM, IOWA)[-1:] == [0])
        await demo.cut(BELGIUM)
        for number in range(1, 4):
            await register(demo.region(IOWA).http_url, str(number), api_key=api_key)
            await watch.sees(lambda number=number: watch.events_behind(BELGIUM, IOWA)[-1] == number)  # type: ignore[misc]
        await watch.sees(lambda: f"{BELGIUM}, not heard" in watch.output)
        await demo.heal(BELGIUM)
        await watch.sees(lambda: watch.output.endswith(NONE_BEHIND))
        watch.process.send_signal(signal.SIGINT)
        assert await watch.ended() == 0
        assert "Traceback" not in watch.output


@pytest.mark.long
async def test_seen_from_a_cut_region_the_other_regions_are_unknown(demo: LocalRegions, api_key: str) -> None:
    await register(demo.region(IOWA).http_url, "before", api_key=api_key)
    # Belgium has heard that Iowa misses nothing. So after the cut Belgium knows of no missing event.
    await shown_from_belgium(lambda output: output.endswith(NONE_BEHIND))
    await demo.cut(BELGIUM)
    output = await shown_from_belgium(lambda output: f"{IOWA}, not heard" in output)
    assert output.startswith(f"seen from {BELGIUM}, ")
    for behind in (f"{IOWA}, not heard", BELGIUM):
        assert re.search(rf"^{behind} +{IOWA}: \? since \d\d:\d\d:\d\d", output, re.MULTILINE)
    assert f"{BELGIUM} hears no other region" in output


@pytest.mark.long
async def test_lag_asks_a_region_that_is_not_cut_off(demo: LocalRegions) -> None:
    assert (await outcome("lag", "--name", NAME))[1].startswith(f"seen from {IOWA}, ")
    await demo.cut(IOWA)
    assert (await outcome("lag", "--name", NAME))[1].startswith(f"seen from {BELGIUM}, ")
    unknown = await outcome("lag", "--name", NAME, "--region", "atlantis")
    assert unknown == (2, f"Error: --region: expected one of {IOWA}, {BELGIUM}, got 'atlantis'\n")


@pytest.mark.long
async def test_on_a_terminal_the_table_fits_its_width_and_is_redrawn_in_place(demo: LocalRegions) -> None:
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
            while drawn.count(f"{BELGIUM}, not heard".encode()) < 2:
                drawn += await asyncio.to_thread(os.read, screen, 65_536)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        os.close(screen)
    assert b"\x1b[1A" in drawn
    lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", drawn.decode()).replace("\r", "\n").splitlines()
    assert 50 < max(map(len, lines)) <= 60


async def test_without_a_demo_the_error_says_how_to_start_one() -> None:
    expected = f"Error: the demo named '{NAME}' does not run; start it with `{own_command()} up --name {NAME}`\n"
    assert await outcome("lag", "--name", NAME) == (1, expected)
