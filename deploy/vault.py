"""All secrets, in a directory that only its owner can open. The first run makes them, and later runs keep them."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.certificates import Authority, Identity, new_authority
from deploy.files import Volume, text_in, write_volume
from deploy.logins import Logins, new_admin_key, new_logins

_LOGINS, _ADMIN_KEY, _CERTIFICATE, _KEY = "logins.json", "admin-key", "authority.pem", "authority-key.pem"
_NATS_SERVERS = "nats-servers"


class Vault(msgspec.Struct, frozen=True):
    """The secrets from which all files are made."""

    logins: Logins
    admin_key: str
    authority: Authority


def nats_servers_in(directory: Path) -> int | None:
    """The number of NATS servers in each region that a vault was made for; None if there is no vault yet.

    Logs are not moved from one server to three, nor back.
    """
    # A vault of a version that knew only one server lacks the number.
    return int(text_in(directory / _NATS_SERVERS) or (1 if text_in(directory / _LOGINS) else 0)) or None


def open_vault(directory: Path, regions: Sequence[Region], *, now: datetime, nats_servers: int | None = None) -> Vault:
    """The secrets in `directory`. Missing ones are made, and kept from now on.

    `nats_servers` is kept too, if it is given.
    """
    kept = Identity(certificate=text_in(directory / _CERTIFICATE), key=text_in(directory / _KEY))
    vault = Vault(
        logins=_logins(text_in(directory / _LOGINS), regions),
        admin_key=text_in(directory / _ADMIN_KEY) or new_admin_key(),
        authority=Authority(kept) if kept.certificate and kept.key else new_authority(now=now),
    )
    # Before the logins: a vault with these alone would look like one of the version that knew only one server.
    known = text_in(directory / _NATS_SERVERS) if nats_servers is None else str(nats_servers)
    files = {_NATS_SERVERS: known} if known else {}
    files |= {
        _LOGINS: msgspec.json.format(msgspec.json.encode(vault.logins)).decode(),
        _ADMIN_KEY: vault.admin_key,
        _CERTIFICATE: vault.authority.identity.certificate,
        _KEY: vault.authority.identity.key,
    }
    write_volume(directory, Volume(owner=os.geteuid(), files=files))
    return vault


def _logins(kept: str, regions: Sequence[Region]) -> Logins:
    """The kept logins. A new user gets a new password."""
    new = new_logins(regions)
    if not kept:
        return new
    old = msgspec.json.decode(kept, type=Logins)
    return Logins(nats=_over(old.nats, new.nats), redis=_over(old.redis, new.redis))


def _over(
    old: Mapping[Region, Mapping[str, str]], new: Mapping[Region, Mapping[str, str]]
) -> Mapping[Region, Mapping[str, str]]:
    """`new`, with the values of `old` for the same keys."""
    return {
        region: {user: old.get(region, {}).get(user, password) for user, password in users.items()}
        for region, users in new.items()
    }
