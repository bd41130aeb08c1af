"""What `crosshook up` says about the servers that it runs."""

from pathlib import Path

from adapters.server_patches import Kind, Server
from cli.up import outdated_servers
from deploy.local.processes.servers import Program, Servers


def some_servers(*, redis: Server) -> Servers:
    nats = Program(path=Path("nats-server"), server=Server(Kind.NATS, (2, 12, 3)))
    return Servers(nats=nats, redis=Program(path=Path("redis-server"), server=redis))


def test_each_server_without_security_fixes_is_a_line_that_says_what_to_set() -> None:
    of_nats, of_redis = outdated_servers(some_servers(redis=Server(Kind.VALKEY, (8, 1, 0))), {})
    assert of_nats.startswith("warning: NATS 2.12.3 lacks security fixes: ")
    assert of_nats.endswith("; run 2.12.7 or a later patched release, and name it in CROSSHOOK_NATS_SERVER")
    assert of_redis.startswith("warning: Valkey 8.1.0 lacks security fixes: ")
    assert of_redis.endswith("; run 8.1.4 or a later patched release, and name it in CROSSHOOK_REDIS_SERVER")


def test_a_version_that_was_vouched_for_and_a_patched_one_raise_no_warning() -> None:
    servers = some_servers(redis=Server(Kind.REDIS, (8, 2, 2)))
    assert not list(outdated_servers(servers, {"CROSSHOOK_PATCHED_SERVERS": "nats 2.12.3"}))
