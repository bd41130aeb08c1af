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
from deploy.rotation import NATS, REDIS, Login

_SECRET_BYTES = 32
_PRIVATE_MODE = 0o600


class Logins(msgspec.Struct, frozen=True):
    """Every password, by region and then by user."""

    nats: Mapping[Region, Mapping[str, str]]
    redis: Mapping[Region, Mapping[str, str]]

    def service(self, here: Region, *, second: Login | None = None) -> str:
        """The file of credentials of a region's services.

        `second` is a login whose processes use its second user at the moment.
        """
        return self._file({here: accounts.SERVICE}, Login(here, REDIS, redis.SERVICE), second)

    def replicator(self, here: Region, *, second: Login | None = None) -> str:
        """The file of credentials of a region's replicators, which connect to every region."""
        users = {region: accounts.REPLICATOR if region == here else accounts.peer(here) for region in self.nats}
        return self._file(users, Login(here, REDIS, redis.REPLICATOR), second)

    def _file(self, users: Mapping[Region, str], at_redis: Login, second: Login | None) -> str:
        logins = [(f"nats.{region}", Login(region, NATS, user)) for region, user in users.items()]
        return "\n".join(self._table(name, login, second) for name, login in (*logins, ("redis", at_redis)))

    def _table(self, name: str, login: Login, second: Login | None) -> str:
        user = login.user + (accounts.SECOND if login == second else "")
        password = (self.nats if login.server == NATS else self.redis)[login.region][login.user]
        return f"[{name}]\nuser = {json.dumps(user)}\npassword = {json.dumps(password)}\n"


def new_logins(regions: Sequence[Region]) -> Logins:
    """New passwords for every user."""
    return Logins(
        nats={here: _passwords(accounts.users(here, regions)) for here in regions},
        redis={here: _passwords(redis.USERS) for here in regions},
    )


def new_password() -> str:
    """A new password."""
    return secrets.token_urlsafe(_SECRET_BYTES)


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
    return {user: new_password() for user in users}
