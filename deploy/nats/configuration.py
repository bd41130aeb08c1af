"""The configuration file of a region's NATS server, which is read as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from deploy.nats.accounts import ROUTES, SYSTEM

Version = tuple[int, int, int]

_FEATURE_FLAGS_SINCE = (2, 14, 0)
"""An older nats-server refuses the block `feature_flags`."""


class Tls(msgspec.Struct, frozen=True):
    """The paths of a server's certificate, its key, and the authority's certificate that clients must match."""

    certificate: str
    key: str
    authority: str

    def declared(self) -> dict[str, Any]:
        """The server's `tls` block: every client must have a certificate too."""
        return {"cert_file": self.certificate, "key_file": self.key, "ca_file": self.authority, "verify": True}


class Cluster(msgspec.Struct, frozen=True):
    """The servers of a region, which keep its logs together, and the place of this server among them.

    `servers` are the `HOST:PORT` at which each of them, this one included, listens to the others. Their number tells
    each server how many are a majority. A server with `password` belongs to them, and may do everything.

    `advertised` is the address of this server that the others pass on. Without it they pass on its IP address. If
    certificates must name the server, they then dial that address without end.
    """

    name: str
    listen: str
    servers: Sequence[str]
    password: str
    advertised: str | None = None

    def declared(self) -> dict[str, Any]:
        """The cluster as the server's configuration."""
        login = f"{ROUTES}:{quote(self.password, safe='')}"
        declared: dict[str, Any] = {
            "name": self.name,
            "listen": self.listen,
            "authorization": {"user": ROUTES, "password": self.password},
            "routes": [f"nats-route://{login}@{server}" for server in self.servers],
        }
        return declared if self.advertised is None else declared | {"advertise": self.advertised}


def nats_configuration(
    version: Version,
    *,
    server_name: str,
    listen: str,
    store: str,
    store_bytes_max: int | None = None,
    accounts: Mapping[str, Any],
    tls: Tls | None = None,
    cluster: Cluster | None = None,
    monitor: str | None = None,
) -> str:
    """The configuration of a JetStream that syncs before it acknowledges, and accepts only the users of `accounts`.

    The server belongs to one region: alone, or with the other servers of `cluster`, which get the same `accounts`. The
    server takes a `server_name` or an advertised address such as `$NAME` from its environment. So several servers can
    share one file.
    """
    configuration: dict[str, Any] = {
        "server_name": server_name,
        "listen": listen,
        "jetstream": {"store_dir": store, "sync_interval": "always"},
        "accounts": accounts,
        "system_account": SYSTEM,
    }
    if store_bytes_max is not None:
        # Without a limit it takes three quarters of the space that is free at its start: less each time, the more it
        # has stored.
        configuration["jetstream"]["max_file_store"] = store_bytes_max
    if version >= _FEATURE_FLAGS_SINCE:
        # nats-py 2.16 parses acknowledgement subjects of the old form only.
        configuration["feature_flags"] = {"js_ack_fc_v2": False}
    if tls is not None:
        # The handshake comes before the greeting, so that no attacker in between can turn TLS off.
        configuration["tls"] = tls.declared() | {"handshake_first": True}
    if cluster is not None:
        configuration["cluster"] = cluster.declared()
        if tls is not None:
            configuration["cluster"]["tls"] = tls.declared()
    if monitor is not None:
        configuration["http"] = monitor
    text = json.dumps(configuration, indent=1) + "\n"
    for name in (server_name, "" if cluster is None else cluster.advertised or ""):
        if name.startswith("$"):  # In quotes the server would not replace it.
            text = text.replace(json.dumps(name), name)
    return text
