"""What is in which volume: each role of each region has what it needs, and nothing of anybody else's."""

from collections.abc import Callable, Mapping, Sequence

from core.positions import Region
from deploy.docker.certificates import Identity, Use
from deploy.docker.files import DataVolume, Volume
from deploy.docker.layout import (
    DATA,
    FILES,
    MONITOR,
    NATS_PORT,
    NATS_VERSION,
    REDIS_PORT,
    USERS,
    Users,
    exit_of,
    nats_at,
    redis_at,
)
from deploy.docker.vault import Vault
from deploy.nats.accounts import accounts
from deploy.nats.configuration import Tls, nats_configuration
from deploy.redis.configuration import OPERATOR, redis_configuration

CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"

Identify = Callable[[Region, str, str, Use], Identity]
"""The certificate and key for a role of a region that are in a volume, or belong into it."""


def file_volumes(
    regions: Sequence[Region], vault: Vault, identify: Identify, *, users: Users = USERS
) -> Mapping[str, Volume]:
    """By its name, every volume of files. The first region is the one from which operators look."""
    volumes = {}
    for here in regions:
        topology = topology_text(here, regions)
        volumes[f"{here}-nats"] = Volume(
            owner=users.nats, files=_nats(here, regions, vault, identify(here, "nats", f"{here}-nats", Use.SERVER))
        )
        volumes[f"{here}-redis"] = Volume(owner=users.redis, files=_redis(here, vault))
        for role, credentials in (
            ("service", vault.logins.service(here)),
            ("replicator", vault.logins.replicator(here)),
        ):
            shown = identify(here, role, f"{here}-{role}", Use.CLIENT)
            volumes[f"{here}-{role}"] = Volume(
                owner=users.crosshook, files=_process(topology, credentials, vault, shown)
            )
    first = regions[0]
    operator = _process(
        topology_text(first, regions),
        vault.logins.observer(),
        vault,
        identify(first, "operator", "operator", Use.CLIENT),
    )
    volumes["operator"] = Volume(owner=users.crosshook, files=operator)
    volumes["admin"] = Volume(owner=users.crosshook, files={"admin-key": vault.admin_key})
    return volumes


def data_volumes(regions: Sequence[Region], *, users: Users = USERS) -> Mapping[str, DataVolume]:
    """By its name, every volume that somebody fills."""
    return {
        **{f"{region}-nats-data": DataVolume(users.nats) for region in regions},
        **{f"{region}-redis-data": DataVolume(users.redis) for region in regions},
        "guide-data": DataVolume(users.crosshook),
        "prometheus-data": DataVolume(users.prometheus),
    }


def topology_text(here: Region, regions: Sequence[Region]) -> str:
    """The regions as `here` reaches them. Whichever way that is, the certificate at its end has to name the region."""
    tables = []
    for region in regions:
        at = nats_at(region) if region == here else exit_of(here, to=region, regions=regions)
        lines = [f"[regions.{region}]", f'nats = ["tls://{at.host}:{at.port}"]', f'tls_name = "{region}"']
        if region == here:
            redis = redis_at(here)
            lines.append(f'redis = "redis://{redis.host}:{redis.port}/0"')
        tables.append("\n".join(lines))
    return "\n\n".join(tables) + "\n"


def _nats(here: Region, regions: Sequence[Region], vault: Vault, shown: Identity) -> Mapping[str, str]:
    others = [region for region in regions if region != here]
    configuration = nats_configuration(
        NATS_VERSION,
        server_name=here,
        listen=f"0.0.0.0:{NATS_PORT}",
        store=DATA,
        accounts=accounts(here, others, vault.logins.nats[here]),
        tls=Tls(certificate=f"{FILES}/{CERTIFICATE}", key=f"{FILES}/{KEY}", authority=f"{FILES}/{AUTHORITY}"),
        monitor=MONITOR,
    )
    return {"nats.conf": configuration, **_shown(shown, vault)}


def _redis(here: Region, vault: Vault) -> Mapping[str, str]:
    """The operator's password is there for the health check, and for whoever repairs."""
    passwords = vault.logins.redis[here]
    configuration = redis_configuration(bind="0.0.0.0", port=REDIS_PORT, directory=DATA, passwords=passwords)  # noqa: S104 - its network is the region's
    return {"redis.conf": configuration, "operator-password": passwords[OPERATOR]}


def _process(topology: str, credentials: str, vault: Vault, shown: Identity) -> Mapping[str, str]:
    return {"topology.toml": topology, "credentials.toml": credentials, **_shown(shown, vault)}


def _shown(shown: Identity, vault: Vault) -> Mapping[str, str]:
    return {CERTIFICATE: shown.certificate, KEY: shown.key, AUTHORITY: vault.authority.identity.certificate}
