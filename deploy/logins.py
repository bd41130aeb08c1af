"""The users and random passwords of every role in every region, and the files of credentials made of them."""

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.nats import accounts
from deploy.redis import configuration as redis

_SECRET_BYTES = 32
_PRIVATE_MODE = 0o600


class Logins(msgspec.Struct, frozen=True):
    """Every password, by region and then by user."""

    nats: Mapping[Region, Mapping[str, str]]
    redis: Mapping[Region, Mapping[str, str]]

    def service(self, here: Region) -> str:
        """The file of credentials of a region's services."""
        return _file({here: accounts.SERVICE}, self.nats, redis=(redis.SERVICE, self.redis[here][redis.SERVICE]))

    def replicator(self, here: Region) -> str:
        """The file of credentials of a region's replicators, which connect to every region."""
        users = {region: accounts.REPLICATOR if region == here else accounts.peer(here) for region in self.nats}
        return _file(users, self.nats, redis=(redis.REPLICATOR, self.redis[here][redis.REPLICATOR]))


def new_logins(regions: Sequence[Region]) -> Logins:
    """New passwords for every user."""
    return Logins(
        nats={here: _passwords(accounts.users(here, regions)) for here in regions},
        redis={here: _passwords(redis.USERS) for here in regions},
    )


def new_admin_key() -> str:
    """A new key with which API keys are issued in every region."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def write_private(path: Path, text: str) -> Path:
    """Replace a file by one with `text` that only its owner can read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, _PRIVATE_MODE)  # A umask may have taken away more.
        file.write(text)
    return path


def _passwords(users: Iterable[str]) -> dict[str, str]:
    return {user: secrets.token_urlsafe(_SECRET_BYTES) for user in users}


def _file(
    users: Mapping[Region, str],
    passwords: Mapping[Region, Mapping[str, str]],
    *,
    redis: tuple[str, str],
) -> str:
    tables = [(f"nats.{region}", user, passwords[region][user]) for region, user in users.items()]
    tables.append(("redis", *redis))
    return "\n".join(
        f"[{name}]\nuser = {json.dumps(user)}\npassword = {json.dumps(password)}\n" for name, user, password in tables
    )
