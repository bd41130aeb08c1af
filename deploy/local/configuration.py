"""The files that the processes of a region read: its servers' settings and its topology."""

import json
from collections.abc import Mapping
from pathlib import Path

from deploy.local.ports import LOCALHOST
from deploy.local.servers import Program

_FEATURE_FLAGS_SINCE = (2, 14, 0)
"""nats-server refuses the block before it."""


def nats_configuration(program: Program, *, server_name: str, port: int, store: Path) -> str:
    """A JetStream of its own that syncs before it acknowledges."""
    lines = [
        f"server_name: {json.dumps(server_name)}",
        f'listen: "{LOCALHOST}:{port}"',
        f"jetstream {{ store_dir: {json.dumps(str(store))}, sync_interval: always }}",
    ]
    if program.version >= _FEATURE_FLAGS_SINCE:
        # nats-py 2.16 parses acknowledgement subjects of the old form only.
        lines.append("feature_flags { js_ack_fc_v2: false }")
    return "\n".join(lines) + "\n"


def redis_configuration(*, port: int, directory: Path) -> str:
    """A Redis that refuses writes when full rather than forget, and may lose its last second."""
    lines = [
        f"bind {LOCALHOST}",
        f"port {port}",
        f"dir {json.dumps(str(directory))}",
        "daemonize no",
        'save ""',
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
    ]
    return "\n".join(lines) + "\n"


def nats_url(port: int) -> str:
    """Where a NATS server or a link to one listens."""
    return f"nats://{LOCALHOST}:{port}"


def redis_url(port: int) -> str:
    """Where a Redis server listens."""
    return f"redis://{LOCALHOST}:{port}/0"


def topology_text(*, nats_ports: Mapping[str, int], redis_ports: Mapping[str, int]) -> str:
    """The regions in the order given, each with the ports by which one region reaches it."""
    return "\n".join(
        f'[regions.{region}]\nnats = ["{nats_url(port)}"]\nredis = "{redis_url(redis_ports[region])}"\n'
        for region, port in nats_ports.items()
    )
