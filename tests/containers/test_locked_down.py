"""A container may do what its process needs, and nothing else."""

import asyncio
from typing import Any

import pytest

from tests.containers.composed import LINKS, REPLICATORS, RUN_ONCE, SERVERS, SERVICES, Composed

pytestmark = pytest.mark.containers

RUNNING = [*SERVERS, *LINKS, *REPLICATORS, *SERVICES, "prometheus"]
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


async def status_of(composed: Composed, service: str) -> dict[str, str]:
    """What the kernel says of a container's first process."""
    outcome = await composed.execute(service, "cat", "/proc/1/status")
    assert outcome.code == 0, outcome.error
    return dict(line.split(":\t", 1) for line in outcome.out.splitlines() if ":\t" in line)


async def test_there_is_nothing_but_what_these_tests_look_at(composed: Composed) -> None:
    assert set(await composed.states()) == {*RUNNING, *RUN_ONCE}


@pytest.mark.parametrize("service", RUNNING)
async def test_a_process_is_nobody_special_and_cannot_become_it(composed: Composed, service: str) -> None:
    status = await status_of(composed, service)
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()
    assert {name: int(status[name], 16) for name in CAPABILITIES} == dict.fromkeys(CAPABILITIES, 0)
    assert status["NoNewPrivs"] == "1"


async def test_each_kind_of_process_is_another_user(composed: Composed) -> None:
    statuses = await asyncio.gather(*(status_of(composed, service) for service in RUNNING))
    users: dict[str, set[str]] = {}
    for service, status in zip(RUNNING, statuses, strict=True):
        kind = "crosshook" if service in {*SERVICES, *REPLICATORS, *LINKS} else service.rpartition("-")[2]
        users.setdefault(status["Uid"].split()[0], set()).add(kind)
    assert sorted(map(sorted, users.values())) == [["crosshook"], ["nats"], ["prometheus"], ["redis"]]


@pytest.mark.parametrize("service", RUNNING)
async def test_nothing_can_be_written_but_where_data_belongs(composed: Composed, service: str) -> None:
    """Neither the program nor what it was told."""
    outcome = await composed.execute(service, "cat", "/proc/mounts")
    options = {fields[1]: fields[3].split(",") for line in outcome.out.splitlines() if (fields := line.split(" "))}
    assert "ro" in options["/"]
    writable = {
        path for path, flags in options.items() if "rw" in flags and not path.startswith(("/proc", "/sys", "/dev"))
    }
    assert writable <= {"/var/lib/crosshook", "/data", "/prometheus", "/tmp"}  # noqa: S108 - a tmpfs of the container's
    attempt = await composed.execute(service, "sh", "-c", "echo > /more")
    assert attempt.code != 0
    assert "read-only file system" in attempt.error.lower()


@pytest.mark.parametrize("service", [*RUNNING, *RUN_ONCE])
async def test_the_engine_holds_every_container_to_that(composed: Composed, service: str) -> None:
    host = (await composed.states())[service]["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert 0 < host["PidsLimit"] <= 256
    assert (host["PidMode"], host["UTSMode"], host["UsernsMode"]) == ("", "", "")
    assert host["IpcMode"] in {"", "private", "shareable"}
    assert not host["Devices"]
    assert sorted(host["CapAdd"] or []) == (["CHOWN", "DAC_OVERRIDE"] if service == "init" else [])


@pytest.mark.parametrize("service", [*RUNNING, *RUN_ONCE])
async def test_nothing_of_this_machine_is_in_a_container_but_what_prometheus_is_to_look_at(
    composed: Composed, service: str
) -> None:
    mounts: list[dict[str, Any]] = (await composed.states())[service]["Mounts"]
    of_this_machine = [mount for mount in mounts if mount["Type"] == "bind"]
    assert not [mount for mount in of_this_machine if mount["RW"]]
    assert (len(of_this_machine) > 0) is (service == "prometheus")
    assert not [mount for mount in mounts if "docker.sock" in mount.get("Source", "")]


async def test_everything_is_published_on_this_machine_only(composed: Composed) -> None:
    published = {
        service: {binding["HostIp"] for bindings in ports.values() for binding in bindings or []}
        for service, state in (await composed.states()).items()
        if any((ports := state["NetworkSettings"]["Ports"]).values())
    }
    assert set(published) == {*SERVICES, "prometheus"}
    assert set.union(*published.values()) == {"127.0.0.1"}


async def test_the_one_that_sees_every_secret_has_no_network_and_is_over(composed: Composed) -> None:
    init = (await composed.states())["init"]
    assert init["HostConfig"]["NetworkMode"] == "none"
    assert (init["State"]["Status"], init["State"]["ExitCode"]) == ("exited", 0)
