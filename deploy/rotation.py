"""How one secret is changed while everything runs: the steps, and what is valid in each of them (ADR 34).

During a change two values are valid: the servers take both before any process uses the new one, and take the old one
away when no process uses it. NATS has one password for a user, so a second user of the same role carries the new
password in between. Its name begins with the first one's, so its deliveries are the role's too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

import msgspec

from core.positions import Region
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR, ROUTES, SECOND, SYSTEM_OPERATOR
from deploy.redis.configuration import OPERATOR

AUTHORITY = "authority"
CERTIFICATE = "certificate"
NATS, REDIS = "nats", "redis"

MADE = "made"
"""The name under which the time of a deployment's first start is kept, beside those of changes."""

_OF_NO_PROCESS = {LOG_OPERATOR, COPIES_OPERATOR, SYSTEM_OPERATOR}


class UnknownSecret(ValueError):
    """No secret has this name, or it cannot be changed alone. The text says what can."""


class Value(Enum):
    """Which of the two values."""

    OLD = "old"
    NEW = "new"


OLD, NEW = Value.OLD, Value.NEW


class Login(msgspec.Struct, frozen=True, tag="login"):
    """A user of a region's NATS or Redis."""

    region: Region
    server: str
    user: str

    def __str__(self) -> str:
        return f"{self.region}/{self.server}/{self.user}"


class Certificate(msgspec.Struct, frozen=True, tag="certificate"):
    """A certificate, by the name of its files' place, such as `us-iowa-service`."""

    name: str

    def __str__(self) -> str:
        return f"{CERTIFICATE} {self.name}"


class TheAuthority(msgspec.Struct, frozen=True, tag="authority"):
    """The authority that signs all certificates."""

    def __str__(self) -> str:
        return AUTHORITY


Subject = Login | Certificate | TheAuthority


class Rotation(msgspec.Struct, frozen=True):
    """A change that is under way: its step, and the new value. It is kept before anything of the step is done.

    The value of a login is `password`. A certificate or an authority has `certificate` and `key`, as PEM.
    """

    subject: Subject
    began_at: datetime
    step: int = 0
    password: str = ""
    certificate: str = ""
    key: str = ""


class Step(msgspec.Struct, frozen=True):
    """What is valid from one step on.

    `accepted` are the users of the login, by what follows the user's name, with the passwords that the server takes.
    `used` is what its processes log in with. `trusted` are the authorities that all trust. `issued` are the
    certificates that are of the new value by now.
    """

    title: str
    accepted: Mapping[str, Sequence[Value]] = msgspec.field(default_factory=lambda: {"": (OLD,)})
    used: tuple[str, Value] = ("", OLD)
    trusted: Sequence[Value] = (OLD,)
    issued: frozenset[str] = frozenset()


def steps_of(subject: Subject, certificates: Sequence[str]) -> list[Step]:
    """The steps in their order. `certificates` are the names of all of them. After the last the old value is gone."""
    match subject:
        case Login(region=region, server=server, user=user):
            place = f"{'NATS' if server == NATS else 'Redis'} of {region}"
            if user in _OF_NO_PROCESS:
                return [Step(f"{place}: {user} has the new password only", {"": (NEW,)}, ("", NEW))]
            return _login_at_nats(place, user) if server == NATS else _login_at_redis(place, user)
        case Certificate(name=name):
            return [Step(f"{name} shows its new certificate", issued=frozenset({name}))]
        case TheAuthority():
            return _authority(certificates)


def _login_at_nats(place: str, user: str) -> list[Step]:
    both, renamed = {"": (OLD,), SECOND: (NEW,)}, {"": (NEW,), SECOND: (NEW,)}
    second = f"{user}{SECOND}"
    return [
        Step(f"{place} also takes {second}, with the new password", both),
        Step(f"processes log in as {second}", both, (SECOND, NEW)),
        Step(f"{place} takes {user} with the new password only", renamed, (SECOND, NEW)),
        Step(f"processes log in as {user}, with the new password", renamed, ("", NEW)),
        Step(f"{place} no longer takes {second}", {"": (NEW,)}, ("", NEW)),
    ]


def _login_at_redis(place: str, user: str) -> list[Step]:
    return [
        Step(f"{place} takes two passwords of {user}", {"": (OLD, NEW)}),
        Step(
            "operators and the health check use the new password"
            if user == OPERATOR
            else f"processes log in as {user} with the new password",
            {"": (OLD, NEW)},
            ("", NEW),
        ),
        Step(f"{place} takes the new password of {user} only", {"": (NEW,)}, ("", NEW)),
    ]


def _authority(certificates: Sequence[str]) -> list[Step]:
    both = (OLD, NEW)
    return [
        Step("everything trusts the old and the new authority", trusted=both),
        *(
            Step(
                f"{name} shows a certificate of the new authority",
                trusted=both,
                issued=frozenset(certificates[: number + 1]),
            )
            for number, name in enumerate(certificates)
        ),
        Step("everything trusts the new authority only", trusted=(NEW,), issued=frozenset(certificates)),
    ]


def subject_of(
    words: Sequence[str], *, logins: Mapping[str, Mapping[Region, Sequence[str]]], certificates: Sequence[str]
) -> Subject:
    """The secret that the words of a command name. `logins` are the users by server and region.

    Raises `UnknownSecret`.
    """
    match list(words):
        case ["authority"] if certificates:
            return TheAuthority()
        case ["certificate", name] if name in certificates:
            return Certificate(name)
        case ["authority" | "certificate", *_]:
            known = ", ".join(certificates)
            raise UnknownSecret(f"expected one of the certificates {known}" if known else "there are no certificates")
        case [name] if (login := _login(name)) and login.user in logins.get(login.server, {}).get(login.region, ()):
            if login.user == ROUTES:
                raise UnknownSecret(f"{name}: the servers of a region share it, so it is changed with all secrets only")
            return login
        case _:
            raise UnknownSecret(f"no secret is named {' '.join(words)!r}; `crosshook secrets list` shows all names")


def _login(name: str) -> Login | None:
    parts = name.split("/")
    region_server_user = 3
    return Login(Region(parts[0]), parts[1], parts[2]) if len(parts) == region_server_user else None
