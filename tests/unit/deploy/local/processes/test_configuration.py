"""The configuration files have the settings that the design requires."""

import json
import tomllib

import pytest

from deploy.local.processes.configuration import topology_text
from deploy.local.processes.servers import REDIS
from deploy.nats.configuration import Cluster, Tls, nats_configuration
from deploy.redis.configuration import USERS, redis_configuration
from tests.redis_roles import PERMITTED


def a_configuration(version: tuple[int, int, int] = (2, 15, 1), **more: Tls | Cluster | int) -> dict[str, object]:
    text = nats_configuration(version, server_name="a", listen="127.0.0.1:1", store="/x y", accounts={}, **more)  # type: ignore[arg-type]
    return dict(json.loads(text))


def test_nats_syncs_before_it_acknowledges() -> None:
    configuration = a_configuration()
    assert configuration["jetstream"] == {"store_dir": "/x y", "sync_interval": "always"}
    assert configuration["feature_flags"] == {"js_ack_fc_v2": False}


def test_a_server_may_find_its_name_in_its_environment() -> None:
    text = nats_configuration((2, 15, 1), server_name="$NAME", listen="127.0.0.1:1", store="/x", accounts={})
    assert text.startswith('{\n "server_name": $NAME,\n')


def test_a_server_may_find_what_it_advertises_in_its_environment() -> None:
    cluster = Cluster("a", "127.0.0.1:2", ["one:2", "two:2"], "word", "$ADVERTISED")
    text = nats_configuration(
        (2, 15, 1), server_name="$NAME", listen="127.0.0.1:1", store="/x", accounts={}, cluster=cluster
    )
    assert '"advertise": $ADVERTISED' in text
    assert '"server_name": $NAME' in text


def test_the_storage_of_nats_can_be_limited() -> None:
    assert a_configuration(store_bytes_max=1024)["jetstream"] == {
        "store_dir": "/x y",
        "sync_interval": "always",
        "max_file_store": 1024,
    }


def test_nats_before_feature_flags_is_not_given_any() -> None:
    assert "feature_flags" not in a_configuration((2, 12, 3))


def test_nats_with_tls_greets_no_client_without_it() -> None:
    tls = a_configuration(tls=Tls("a.pem", "a.key", "ca.pem"))["tls"]
    assert tls == {
        "cert_file": "a.pem",
        "key_file": "a.key",
        "ca_file": "ca.pem",
        "verify": True,
        "handshake_first": True,
    }


def test_the_servers_of_a_region_share_a_password_and_use_tls_if_it_is_configured() -> None:
    cluster = Cluster("us-iowa", "0.0.0.0:6222", ["one:6222", "two:6222"], "a/b")
    told = {
        "name": "us-iowa",
        "listen": "0.0.0.0:6222",
        "authorization": {"user": "routes", "password": "a/b"},
        "routes": ["nats-route://routes:a%2Fb@one:6222", "nats-route://routes:a%2Fb@two:6222"],
    }
    assert a_configuration(cluster=cluster)["cluster"] == told
    tls = a_configuration(cluster=cluster, tls=Tls("a.pem", "a.key", "ca.pem"))["cluster"]
    assert tls == told | {"tls": {"cert_file": "a.pem", "key_file": "a.key", "ca_file": "ca.pem", "verify": True}}


def test_a_server_advertises_its_name_if_one_is_given() -> None:
    cluster = Cluster("us-iowa", "0.0.0.0:6222", ["one:6222", "two:6222"], "word", advertised="one:6222")
    told = a_configuration(cluster=cluster)["cluster"]
    assert told == cluster.declared()
    assert cluster.declared()["advertise"] == "one:6222"


def test_redis_refuses_writes_when_full_rather_than_forget() -> None:
    text = redis_configuration(bind="127.0.0.1", port=1, directory="/x y", passwords=dict.fromkeys(USERS, "word"))
    lines = text.splitlines()
    assert {"maxmemory-policy noeviction", "appendonly yes", "appendfsync everysec", 'save ""'} <= set(lines)
    assert "hash-max-ziplist-value 512" in lines
    assert 'dir "/x y"' in lines


def test_the_configuration_of_redis_has_no_clear_password_and_no_user_without_one() -> None:
    text = redis_configuration(bind="127.0.0.1", port=1, directory="/", passwords=dict.fromkeys(USERS, "secret-word"))
    assert "secret-word" not in text
    assert "nopass" not in text
    assert "user default off ~* &* +@all" in text.splitlines(), "off, but Redis loads its file as this user"


@pytest.mark.parametrize("user", PERMITTED)
def test_redis_gets_the_rules_of_the_table_and_no_command_that_its_oldest_version_lacks(user: str) -> None:
    """Redis does not start with an unknown command. Before version 7 it does not check subcommands."""
    text = redis_configuration(bind="127.0.0.1", port=1, directory="/", passwords=dict.fromkeys(USERS, "word"))
    line = next(line for line in text.splitlines() if line.startswith(f"user {user} "))
    rules = [word for word in line.split() if word[0] in "+-"]
    assert rules[0] == "-@all"
    assert sorted(rules[1:]) == sorted(f"+{permitted.command}" for permitted in PERMITTED[user])
    assert max(permitted.since for permitted in PERMITTED[user]) <= REDIS.at_least


def test_a_topology_lists_every_region_in_order() -> None:
    text = topology_text(nats_ports={"b": [1], "a": [2]}, redis_ports={"a": 4, "b": 3})
    assert list(tomllib.loads(text)["regions"].items()) == [
        ("b", {"nats": ["nats://127.0.0.1:1"], "redis": "redis://127.0.0.1:3/0"}),
        ("a", {"nats": ["nats://127.0.0.1:2"], "redis": "redis://127.0.0.1:4/0"}),
    ]


def test_a_topology_keeps_logs_on_every_server_of_a_region() -> None:
    text = topology_text(nats_ports={"a": [1, 2, 3]}, redis_ports={"a": 4})
    assert tomllib.loads(text)["regions"]["a"] == {
        "nats": ["nats://127.0.0.1:1", "nats://127.0.0.1:2", "nats://127.0.0.1:3"],
        "redis": "redis://127.0.0.1:4/0",
        "replicas": 3,
    }
