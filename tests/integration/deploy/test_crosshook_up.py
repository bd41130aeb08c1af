"""`crosshook up` and `crosshook link`, as typed at a shell."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from deploy.local.control.client import ask
from deploy.local.control.messages import AskStatus, Status
from deploy.local.network.ports import LOCALHOST
from deploy.local.processes.servers import find_servers
from deploy.own_command import own_command
from tests.http_client import http_client
from tests.integration.deploy.typed import Demo, crosshook, outcome, until
from tests.servers_here import outdated_here

NAME = "tested"


@pytest.fixture
async def demo(stand_ins: None, runtime: Path, first_port: int) -> AsyncIterator[Demo]:  # noqa: ARG001
    demo = Demo(await crosshook("up", "--regions", "2", "--http-port", str(first_port), "--name", NAME))
    try:
        await demo.says("ready after")
        yield demo
    finally:
        if demo.process.returncode is None:
            demo.process.terminate()
        await demo.ends()


def status() -> Status:
    answer = ask(NAME, AskStatus())
    assert isinstance(answer, Status)
    return answer


def pids_of(status: Status) -> Sequence[int]:
    return [
        process.pid
        for region in status.regions
        for process in (*region.nats, region.redis, *region.services, *region.replicators)
    ]


def is_empty(directory: Path) -> bool:
    return not list(directory.iterdir())


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_with_no_process_and_no_file_left(
    demo: Demo, runtime: Path, number: signal.Signals
) -> None:
    pids = pids_of(status())
    assert len(pids) == 8
    assert all(is_alive(pid) for pid in pids)
    demo.process.send_signal(number)
    assert await demo.ends() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert is_empty(runtime)


async def test_up_prints_addresses_the_organization_and_lines_to_paste(demo: Demo, first_port: int) -> None:
    await demo.says(f"http://{LOCALHOST}:{first_port + 1}/organizations/webhooks/$WEBHOOK/triggers")
    await demo.says(f" keys list af5fbd30-7ce7-4548-8b30-4cd59cb2aba1 --name {NAME}\n")
    for text in (
        "us-iowa",
        "europe-belgium",
        "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1",
        "SlashID-Required-Consistency: local_region",
        "SlashID-Required-Consistency: all_regions",
        "\nKEY=a-key\n",
        "SlashID-API-Key: $KEY",
        f"http://{LOCALHOST}:{first_port}",
    ):
        assert text in demo.output


async def test_links_are_cut_healed_and_delayed_while_the_regions_run(demo: Demo) -> None:
    assert await outcome("link", "cut", "europe-belgium", "--name", NAME) == (
        0,
        f"europe-belgium is cut off; heal it with `{own_command()} link heal europe-belgium --name {NAME}`\n",
    )
    assert [region.is_cut for region in status().regions] == [False, True]
    code, _ = await outcome("link", "heal", "europe-belgium", "--name", NAME)
    assert code == 0
    assert [region.is_cut for region in status().regions] == [False, False]
    code, _ = await outcome("link", "delay", "us-iowa", "europe-belgium", "412", "--name", NAME)
    assert code == 0
    code, table = await outcome("link", "status", "--name", NAME)
    assert code == 0
    assert re.search(r"us-iowa +- +412", table)
    assert await outcome("link", "cut", "mars", "--name", NAME) == (
        2,
        "Error: there is no region 'mars'; the regions are us-iowa, europe-belgium\n",
    )
    assert demo.process.returncode is None


async def test_a_second_demo_with_the_same_name_is_refused(demo: Demo, first_port: int) -> None:
    port = str(first_port + 100)
    code, output = await outcome("up", "--http-port", port, "--name", NAME)
    assert code == 1
    assert "Error: a demo named 'tested' runs already; end it, or choose another --name and --http-port" in output
    assert demo.process.returncode is None


async def test_a_dead_process_is_named_with_its_log_and_started_again(demo: Demo) -> None:
    service = status().regions[0].services[0]
    os.kill(service.pid, signal.SIGKILL)
    await demo.says("us-iowa/service-1 ended with signal SIGKILL; see its log, ")
    await demo.says("| started with")
    await until(lambda: status().regions[0].services[0].pid not in (0, service.pid))


async def test_it_names_its_servers_and_warns_about_those_that_lack_security_fixes(demo: Demo) -> None:
    servers = find_servers()
    await demo.says("Paste these lines")
    assert f"each region runs {servers.nats.server} and {servers.redis.server}\n" in demo.output
    warnings = [line for line in demo.output.splitlines() if line.startswith("warning: ")]
    assert warnings == [f"warning: {why}, and name it in {variable_of(kind)}" for kind, why in outdated_here().items()]


def variable_of(kind: str) -> str:
    return "CROSSHOOK_NATS_SERVER" if kind == "nats" else "CROSSHOOK_REDIS_SERVER"


async def test_a_process_that_keeps_dying_ends_everything(demo: Demo, runtime: Path) -> None:
    dead = set[int]()

    def kill_five_times() -> bool:
        pid = 0 if demo.process.returncode is not None else status().regions[0].services[0].pid
        if pid and pid not in dead:
            dead.add(pid)
            os.kill(pid, signal.SIGKILL)
        return len(dead) == 5

    await until(kill_five_times)
    assert await demo.ends() == 1
    assert "us-iowa/service-1 ended 5 times within 60 s and is not started again" in demo.output
    assert is_empty(runtime)


@pytest.mark.usefixtures("stand_ins", "runtime")
async def test_a_killed_demo_leaves_no_process_and_its_socket_is_replaced(first_port: int) -> None:
    arguments = ("up", "--regions", "1", "--http-port", str(first_port), "--name", NAME)
    first = Demo(await crosshook(*arguments))
    await first.says("ready after")
    pids = pids_of(status())
    first.process.kill()
    await first.ends()
    await until(lambda: not any(is_alive(pid) for pid in pids))
    second = Demo(await crosshook(*arguments))
    await second.says("ready after")
    assert pids_of(status()) != pids
    second.process.terminate()
    assert await second.ends() == 0


@pytest.mark.usefixtures("stand_ins")
async def test_a_signal_during_the_start_leaves_nothing(
    runtime: Path, first_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_WAITS_FOR", "the tide")
    demo = Demo(await crosshook("up", "--http-port", str(first_port), "--name", NAME))
    await demo.says("starting: 6 of 12 ready")
    demo.process.terminate()
    assert await demo.ends() == 0
    assert is_empty(runtime)


@pytest.mark.usefixtures("stand_ins")
async def test_a_second_signal_does_not_wait_for_a_process_that_does_not_end(
    runtime: Path, first_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_IGNORES_TERM", "yes")
    demo = Demo(await crosshook("up", "--regions", "1", "--http-port", str(first_port), "--name", NAME))
    await demo.says("ready after")
    pids = pids_of(status())
    demo.process.send_signal(signal.SIGINT)
    await demo.says("stopping")
    demo.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(5):
        assert await demo.ends() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert is_empty(runtime)


@pytest.mark.long
async def test_the_same_data_has_the_same_key_and_processes_get_the_admin_key_of_the_environment(
    runtime: Path, first_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("up", "--regions", "1", "--http-port", str(first_port), "--name", NAME, "--data", str(tmp_path))
    admin_keys, printed = [], []
    for admin_key in ("", "a" * 32):
        monkeypatch.setenv("CROSSHOOK_ADMIN_KEY", admin_key)
        demo = Demo(await crosshook(*arguments))
        await demo.says("keys list")
        admin_keys.append(status().admin_key)
        assert await status_with(f"http://{LOCALHOST}:{first_port}", key_in(demo.output)) == 200
        printed.append(key_in(demo.output))
        demo.process.terminate()
        assert await demo.ends() == 0
    assert printed[0] == printed[1]
    assert len(admin_keys[0]) >= 32
    assert admin_keys[1] == "a" * 32
    assert is_empty(runtime)


def key_in(output: str) -> str:
    (found,) = re.findall(r"^KEY=(\S+)$", output, re.MULTILINE)
    return str(found)


async def status_with(url: str, api_key: str) -> int:
    headers = {"SlashID-OrgID": "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1", "SlashID-API-Key": api_key}
    async with http_client(url, headers=headers) as client:
        return (await client.get("/organizations/webhooks")).status_code


@pytest.mark.usefixtures("stand_ins")
async def test_without_a_key_the_regions_run_and_the_reason_is_printed(
    runtime: Path, first_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_ISSUES_NO_KEY", "yes")
    demo = Demo(await crosshook("up", "--regions", "1", "--http-port", str(first_port), "--name", NAME))
    await demo.says("keys list")
    url = f"http://{LOCALHOST}:{first_port}"
    assert f"the lines below have no API key: {url} answered 422: no more keys are issued\n" in demo.output
    assert re.search(rf"^KEY=\$\(.+ keys issue [0-9a-f-]+ --name {NAME}\)$", demo.output, re.MULTILINE)
    demo.process.terminate()
    assert await demo.ends() == 0
    assert is_empty(runtime)


@pytest.mark.usefixtures("runtime")
async def test_a_port_in_use_is_one_line_with_the_remedy(first_port: int) -> None:
    with socket.create_server((LOCALHOST, first_port)):
        code, output = await outcome("up", "--http-port", str(first_port), "--name", NAME)
    assert code == 1
    error = (
        f"port {first_port} is in use, and the service of us-iowa needs it; end what listens there or choose another"
    )
    assert output == f"starting 3 regions\nError: {error} --http-port\n"


@pytest.mark.usefixtures("runtime")
async def test_without_a_demo_a_link_command_shows_how_to_start_one() -> None:
    expected = f"Error: the demo named 'tested' does not run; start it with `{own_command()} up --name tested`\n"
    assert await outcome("link", "status", "--name", NAME) == (1, expected)
