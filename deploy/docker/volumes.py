"""The files of each volume: each role of each region gets what it needs, and no other role's files."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.positions import Region
from deploy.certificates import Identity, Use
from deploy.docker.layout import (
    DATA,
    FILES,
    MONITOR,
    NATS_PORT,
    NATS_VERSION,
    PROCESSES,
    REDIS_PORT,
    ROUTE_PORT,
    USERS,
    Users,
    exit_of,
    nats_at,
    nats_service,
    redis_at,
    route_to,
)
from deploy.files import DataVolume, Volume
from deploy.nats.accounts import ROUTES, accounts
from deploy.nats.configuration import Cluster, Tls, nats_configuration
from deploy.redis.configuration import EVERY_ADDRESS, OPERATOR, password_commands, redis_configuration
from deploy.vault import Vault

CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
PASSWORDS = "passwords"
"""The file with the commands that give the users of a running Redis their passwords. It has only digests."""


class Identify(Protocol):
    """Returns the certificate and key of a role of a region: the ones in a volume, or new ones."""

    def __call__(self, region: Region, role: str, volume: str, use: Use, *, hosts: Sequence[str] = ()) -> Identity:
        """The certificate names the region and `hosts`."""


def file_volumes(
    regions: Sequence[Region], vault: Vault, identify: Identify, *, nats_servers: int = 1, users: Users = USERS
) -> Mapping[str, Volume]:
    """Name -> volume, for every volume of files. The certificate for operators names the first region."""
    volumes = {}
    for here in regions:
        topology = topology_text(here, regions, nats_servers=nats_servers)
        for name, files in _nats_servers(here, regions, vault, identify, count=nats_servers).items():
            volumes[name] = Volume(owner=users.nats, files=files)
        volumes[f"{here}-redis"] = Volume(owner=users.redis, files=_redis(here, vault))
        for role, credentials in (
            ("service", vault.valid_logins.service(here)),
            ("replicator", vault.valid_logins.replicator(here)),
        ):
            shown = identify(here, role, f"{here}-{role}", Use.CLIENT)
            volumes[f"{here}-{role}"] = Volume(
                owner=users.crosshook, files=_process(topology, credentials, vault, shown)
            )
    operator = identify(regions[0], "operator", "operator", Use.CLIENT)
    volumes["operator"] = Volume(owner=users.crosshook, files=_shown(operator, vault))
    volumes["admin"] = Volume(owner=users.crosshook, files={"admin-key": vault.admin_key})
    return volumes


def certificate_names(regions: Sequence[Region], *, nats_servers: int) -> list[str]:
    """The names of all certificates, which are those of their volumes."""
    names = []
    for here in regions:
        names += [nats_service(here, server=server) for server in _numbers(nats_servers)]
        names += [f"{here}-{role}" for role in PROCESSES]
    return [*names, "operator"]


def data_volumes(regions: Sequence[Region], *, nats_servers: int = 1, users: Users = USERS) -> Mapping[str, DataVolume]:
    """Name -> volume, for every volume of data."""
    return {
        **{
            f"{nats_service(region, server=server)}-data": DataVolume(users.nats)
            for region in regions
            for server in _numbers(nats_servers)
        },
        **{f"{region}-redis-data": DataVolume(users.redis) for region in regions},
        "guide-data": DataVolume(users.crosshook),
        "prometheus-data": DataVolume(users.prometheus),
    }


def topology_text(here: Region, regions: Sequence[Region], *, nats_servers: int = 1) -> str:
    """The regions as `here` reaches them. At each address the certificate must name the region.

    If a region has several NATS servers, each of its logs is on all of them.
    """
    tables = []
    for region in regions:
        servers = [
            nats_at(region, server=server)
            if region == here
            else exit_of(here, to=region, regions=regions, server=server)
            for server in _numbers(nats_servers)
        ]
        addresses = ", ".join(f'"tls://{at.host}:{at.port}"' for at in servers)
        lines = [f"[regions.{region}]", f"nats = [{addresses}]", f'tls_name = "{region}"']
        if nats_servers > 1:
            lines.append(f"replicas = {nats_servers}")
        if region == here:
            redis = redis_at(here)
            lines.append(f'redis = "redis://{redis.host}:{redis.port}/0"')
        tables.append("\n".join(lines))
    return "\n\n".join(tables) + "\n"


def _nats_servers(
    here: Region, regions: Sequence[Region], vault: Vault, identify: Identify, *, count: int
) -> Mapping[str, Mapping[str, str]]:
    """Volume -> the files of one server of a region."""
    are_many = count > 1
    passwords = vault.valid_logins.accepted.nats[here]
    told = accounts(here, regions, passwords)
    routes = [f"{at.host}:{at.port}" for at in (route_to(here, server=server) for server in _numbers(count))]
    volumes = {}
    for server in _numbers(count):
        name = nats_service(here, server=server)
        configuration = nats_configuration(
            NATS_VERSION,
            server_name=f"{here}-{server}" if are_many else here,
            listen=f"0.0.0.0:{NATS_PORT}",
            store=DATA,
            accounts=told,
            tls=Tls(certificate=f"{FILES}/{CERTIFICATE}", key=f"{FILES}/{KEY}", authority=f"{FILES}/{AUTHORITY}"),
            cluster=Cluster(here, f"0.0.0.0:{ROUTE_PORT}", routes, passwords[ROUTES], routes[server - 1])
            if are_many
            else None,
            monitor=MONITOR,
        )
        # Servers connect to each other by their own names; every other client uses the region's name.
        shown = (
            identify(here, "nats", name, Use.PEER, hosts=[name])
            if are_many
            else identify(here, "nats", name, Use.SERVER)
        )
        volumes[name] = {"nats.conf": configuration, **_shown(shown, vault)}
    return volumes


def _redis(here: Region, vault: Vault) -> Mapping[str, str]:
    """It has the operator's password for the health check and for repairs, and commands that set all passwords."""
    logins = vault.valid_logins
    passwords, also = logins.accepted.redis[here], logins.also.get(here, {})
    configuration = redis_configuration(
        bind=EVERY_ADDRESS, port=REDIS_PORT, directory=DATA, passwords=passwords, also=also
    )
    return {
        "redis.conf": configuration,
        "operator-password": logins.used.redis[here][OPERATOR],
        PASSWORDS: "\n".join(password_commands(passwords, also)) + "\n",
    }


def _process(topology: str, credentials: str, vault: Vault, shown: Identity) -> Mapping[str, str]:
    return {"topology.toml": topology, "credentials.toml": credentials, **_shown(shown, vault)}


def _numbers(nats_servers: int) -> range:
    return range(1, nats_servers + 1)


def _shown(shown: Identity, vault: Vault) -> Mapping[str, str]:
    return {CERTIFICATE: shown.certificate, KEY: shown.key, AUTHORITY: vault.trusted}
