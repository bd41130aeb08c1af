"""What the processes are given to read says what the design promises."""

import tomllib
from pathlib import Path

from deploy.local.configuration import nats_configuration, redis_configuration, topology_text
from deploy.local.servers import Program


def test_nats_syncs_before_it_acknowledges() -> None:
    text = nats_configuration(Program(Path("nats-server"), (2, 15, 1)), server_name="a", port=1, store=Path("/x y"))
    assert 'jetstream { store_dir: "/x y", sync_interval: always }' in text
    assert "feature_flags { js_ack_fc_v2: false }" in text


def test_nats_before_feature_flags_is_not_given_any() -> None:
    text = nats_configuration(Program(Path("nats-server"), (2, 12, 3)), server_name="a", port=1, store=Path("/x"))
    assert "feature_flags" not in text


def test_redis_refuses_writes_when_full_rather_than_forget() -> None:
    lines = redis_configuration(port=1, directory=Path("/x y")).splitlines()
    assert {"maxmemory-policy noeviction", "appendonly yes", "appendfsync everysec", 'save ""'} <= set(lines)
    assert 'dir "/x y"' in lines


def test_a_topology_lists_every_region_in_order() -> None:
    text = topology_text(nats_ports={"b": 1, "a": 2}, redis_ports={"a": 4, "b": 3})
    assert list(tomllib.loads(text)["regions"].items()) == [
        ("b", {"nats": ["nats://127.0.0.1:1"], "redis": "redis://127.0.0.1:3/0"}),
        ("a", {"nats": ["nats://127.0.0.1:2"], "redis": "redis://127.0.0.1:4/0"}),
    ]
