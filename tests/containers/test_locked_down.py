"""A container may do what its process needs, and nothing else."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from bench.memory import MEBIBYTE
from tests.containers.composed import LINKS, REPLICATORS, RUN_ONCE, RUNNING, SERVICES, Composed

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module")]

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")

States = Mapping[str, dict[str, Any]]
Looks = Mapping[str, "Look"]


class Look(NamedTuple):
    """What the kernel reports in a container about its first process and its mounts."""

    status: Mapping[str, str]
    mounts: Mapping[str, set[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def states(composed: Composed) -> States:
    """The engine's description of each container."""
    return await composed.states()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def looks(composed: Composed) -> Looks:
    """What the kernel reports in every running container."""
    seen = await asyncio.gather(*(look_into(composed, service) for service in RUNNING))
    return dict(zip(RUNNING, seen, strict=True))


async def look_into(composed: Composed, service: str) -> Look:
    """What the kernel reports in one container."""
    outcome = await composed.execute(service, "cat", "/proc/1/status", "/proc/mounts")
    assert outcome.code == 0, outcome.error
    lines = outcome.out.splitlines()
    fields = [line.split(" ") for line in lines if ":\t" not in line]
    return Look(
        status=dict(line.split(":\t", 1) for line in lines if ":\t" in line),
        mounts={path: set(options.split(",")) for _, path, _, options, *_ in fields},
    )


async def test_there_is_nothing_but_what_these_tests_look_at(states: States) -> None:
    assert set(states) == {*RUNNING, *RUN_ONCE}


@pytest.mark.parametrize("service", RUNNING)
async def test_a_process_has_no_privileges_and_cannot_gain_any(looks: Looks, service: str) -> None:
    status = looks[service].status
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()
    assert {name: int(status[name], 16) for name in CAPABILITIES} == dict.fromkeys(CAPABILITIES, 0)
    assert status["NoNewPrivs"] == "1"


async def test_the_kernel_holds_a_service_to_its_memory(composed: Composed) -> None:
    """`memory.max` is cgroup 2's, and the other is cgroup 1's."""
    files = "/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"
    outcome = await composed.execute(SERVICES[0], "sh", "-c", f"cat {files} 2>/dev/null")
    assert int(outcome.out) == 512 * MEBIBYTE


async def test_each_kind_of_process_is_another_user(looks: Looks) -> None:
    users: dict[str, set[str]] = {}
    for service, look in looks.items():
        kind = "crosshook" if service in {*SERVICES, *REPLICATORS, *LINKS} else service.rpartition("-")[2]
        users.setdefault(look.status["Uid"].split()[0], set()).add(kind)
    assert sorted(map(sorted, users.values())) == [["crosshook"], ["nats"], ["prometheus"], ["redis"]]


@pytest.mark.parametrize("service", RUNNING)
async def test_only_data_directories_can_be_written(composed: Composed, looks: Looks, service: str) -> None:
    """Neither the program nor its configuration can be written."""
    mounts = looks[service].mounts
    assert "ro" in mounts["/"]
    writable = {path for path, options in mounts.items() if "rw" in options}
    data = {"/var/lib/crosshook", "/data", "/prometheus", "/tmp"}  # noqa: S108 - a tmpfs of the container's own
    assert {path for path in writable if not path.startswith(("/proc", "/sys", "/dev"))} <= data
    attempt = await composed.execute(service, "sh", "-c", "echo > /more")
    assert attempt.code != 0
    assert "read-only file system" in attempt.error.lower()


@pytest.mark.parametrize("service", [*RUNNING, *RUN_ONCE])
async def test_the_engine_holds_every_container_to_that(states: States, service: str) -> None:
    host = states[service]["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["CapDrop"] == ["ALL"]
    assert sorted(host["CapAdd"] or []) == (["CHOWN", "DAC_OVERRIDE"] if service == "init" else [])
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert 0 < host["PidsLimit"] <= 256
    assert 512 * MEBIBYTE <= host["Memory"] <= 2_048 * MEBIBYTE
    assert (host["PidMode"], host["UTSMode"], host["UsernsMode"]) == ("", "", "")
    assert host["IpcMode"] != "host"
    assert not host["Devices"]


@pytest.mark.parametrize("service", [*RUNNING, *RUN_ONCE])
async def test_nothing_of_this_machine_is_in_a_container(states: States, service: str) -> None:
    assert [mount for mount in states[service]["Mounts"] if mount["Type"] == "bind"] == []


async def test_everything_is_published_on_this_machine_only(states: States) -> None:
    published = {
        service: {binding["HostIp"] for bindings in ports.values() for binding in bindings or []}
        for service, state in states.items()
        if any((ports := state["NetworkSettings"]["Ports"]).values())
    }
    assert set(published) == {*SERVICES, "prometheus"}
    assert set.union(*published.values()) == {"127.0.0.1"}


async def test_the_container_that_sees_every_secret_has_no_network_and_has_ended(states: States) -> None:
    init = states["init"]
    assert init["HostConfig"]["NetworkMode"] == "none"
    assert (init["State"]["Status"], init["State"]["ExitCode"]) == ("exited", 0)
