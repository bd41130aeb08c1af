"""The files of each Secret of a region: each role gets what it needs, and no other role's files."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from core.positions import Region
from deploy.certificates import Authority, Use
from deploy.kubernetes.layout import (
    DATA,
    EVERYWHERE,
    FILES,
    MONITOR_PORT,
    NATS_PORT,
    NATS_SERVER_ADVERTISED,
    NATS_SERVER_NAME,
    NATS_VERSION,
    REDIS_PORT,
    ROUTES_PORT,
    nats_host,
)
from deploy.logins import Logins
from deploy.nats.accounts import ROUTES, accounts
from deploy.nats.configuration import Cluster, Tls, nats_configuration
from deploy.redis.configuration import EVERY_ADDRESS, redis_configuration

CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"
"""The names that Kubernetes and cert-manager give to these files."""

_STORED_SHARE = 0.8
"""The share of its disk that a NATS server may fill with logs. The server and the file system need the rest."""


class Shape(msgspec.Struct, frozen=True):
    """The properties of a region that its secrets depend on."""

    nats_servers: int
    nats_disk_gibibytes: int


def region_secrets(
    here: Region, regions: Sequence[Region], *, logins: Logins, admin_key: str, shape: Shape
) -> Mapping[str, Mapping[str, str]]:
    """Name -> content, for every Secret of the region `here` that is no certificate. `regions` are all regions."""
    return {
        "nats": {"nats.conf": _nats(here, regions, logins.nats[here], shape)},
        "redis": {
            "redis.conf": redis_configuration(
                bind=EVERY_ADDRESS, port=REDIS_PORT, directory=DATA, passwords=logins.redis[here]
            )
        },
        "service": {"credentials.toml": logins.service(here)},
        "admin": {"admin-key": admin_key},
        "replicator": {"credentials.toml": logins.replicator(here)},
    }


def certificate_secrets(
    here: Region, authority: Authority, *, shape: Shape, now: datetime
) -> Mapping[str, Mapping[str, str]]:
    """Name -> content, for every Secret with a certificate of the region `here`.

    They are new, and valid from `now` on.
    """
    uses = {"nats": Use.PEER, "service": Use.CLIENT, "replicator": Use.CLIENT}
    hosts = [nats_host(index) for index in range(shape.nats_servers)]
    shown = {
        role: authority.issue(here, role, use=use, now=now, hosts=hosts if use is Use.PEER else ())
        for role, use in uses.items()
    }
    return {
        f"{role}-tls": {
            CERTIFICATE: identity.certificate,
            KEY: identity.key,
            AUTHORITY: authority.identity.certificate,
        }
        for role, identity in shown.items()
    }


def _nats(here: Region, regions: Sequence[Region], passwords: Mapping[str, str], shape: Shape) -> str:
    """The file that all servers share."""
    servers = [f"{nats_host(index)}:{ROUTES_PORT}" for index in range(shape.nats_servers)]
    cluster = Cluster(here, f"{EVERYWHERE}:{ROUTES_PORT}", servers, passwords[ROUTES], NATS_SERVER_ADVERTISED)
    return nats_configuration(
        NATS_VERSION,
        server_name=NATS_SERVER_NAME,
        listen=f"{EVERYWHERE}:{NATS_PORT}",
        store=DATA,
        store_bytes_max=int(shape.nats_disk_gibibytes * 2**30 * _STORED_SHARE),
        accounts=accounts(here, regions, passwords),
        tls=Tls(certificate=f"{FILES}/{CERTIFICATE}", key=f"{FILES}/{KEY}", authority=f"{FILES}/{AUTHORITY}"),
        cluster=cluster if shape.nats_servers > 1 else None,
        monitor=f"{EVERYWHERE}:{MONITOR_PORT}",
    )
