"""The permissions at one region's NATS (ADR 15).

The logs are in two accounts: `LOG` has the region's origin log, and `COPIES` has the copies of the others. Each role
has its own account, with only what it imports from these two. Permissions on subjects could not do that: a client
chooses the subject of its reply and the subject to which events are delivered. In one account both could be a subject
of another log. Here a reply cannot leave the account of its request, and events of `LOG` cannot reach the copies.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from core.positions import Region
from core.subjects import announcements_of, deliveries_to, stream_of

LOG, COPIES, SYSTEM = "LOG", "COPIES", "SYSTEM"

SERVICE, REPLICATOR = "service", "replicator"
"""The users of a region's own processes."""

LOG_OPERATOR, COPIES_OPERATOR, SYSTEM_OPERATOR = "log-operator", "copies-operator", "system-operator"
"""The users for repairs: each may do everything in its account. Our processes do not use them."""

ROUTES = "routes"
"""The user with which the servers of a region log in to each other. It belongs to no account."""

SECOND = ".second"
"""Follows a role's name in the name of its second user, which exists while the role's password is changed.

Its deliveries, on `deliver.ROLE.second.>`, are among those that the role's account imports.
"""

CONSUMERS_MAX = 1_000
"""The most followers of one log at a time.

Ten regions with two services and two replicators each have 22. When they begin anew, there are twice as many for some
seconds.
"""

CONNECTIONS_MAX = 1_000
"""The most connections of another region.

Each of its replicators needs one. If the network loses connections, it leaves some behind for minutes.
"""

SUBSCRIPTIONS_MAX = 1_000
"""The most subscriptions of another region on each connection.

A replicator needs one for answers and one for the log that it follows.
"""

_API = "$JS.API"
_API_HERE = "api"
"""The prefix of a role's part of JetStream's API.

The requests of its user to `$JS.API` are mapped to it. Otherwise an account without a JetStream would answer that it
has none.
"""


def peer(region: Region) -> str:
    """The user with which another region's replicators log in."""
    return f"peer-{region}"


class Import(msgspec.Struct, frozen=True):
    """A part of another account that a role may use: it sends requests to a `service`, or hears a `stream`."""

    account: str
    kind: str
    subject: str

    def declared(self) -> dict[str, Any]:
        """The import as its account declares it."""
        declared: dict[str, Any] = {self.kind: {"account": self.account, "subject": self.subject}}
        if self.subject.startswith(f"{_API}."):
            declared["to"] = _API_HERE + self.subject.removeprefix(_API)
        return declared


class Role(msgspec.Struct, frozen=True):
    """A user in an account of its own, its permissions, and the region whose watermarks it announces."""

    user: str
    imports: tuple[Import, ...]
    announces: Region | None = None

    @property
    def account(self) -> str:
        """The account's name."""
        return self.user.upper()


def users(here: Region, regions: Iterable[Region]) -> list[str]:
    """Every user at the NATS of `here`."""
    return [*(role.user for role in roles(here, regions)), LOG_OPERATOR, COPIES_OPERATOR, SYSTEM_OPERATOR, ROUTES]


def roles(here: Region, regions: Iterable[Region]) -> list[Role]:
    """Every role at the NATS of `here`. `regions` are all regions of the topology, in any state."""
    others = [region for region in regions if region != here]
    own = stream_of(here)
    copies = {origin: stream_of(origin) for origin in others}
    peers = [
        Role(
            user=peer(origin),
            imports=(*_reads(LOG, own), *_follows(LOG, own, by=peer(origin)), *_reads(COPIES, copies[origin])),
            announces=origin,
        )
        for origin in others
    ]
    heard = tuple(
        Import(user.upper(), "stream", announcements_of(region))
        for user, region in ((REPLICATOR, here), *((peer(origin), origin) for origin in others))
    )
    heard_of_others = tuple(one for one in heard if one.account != REPLICATOR.upper())
    service = Role(
        user=SERVICE,
        imports=(
            *_reads(LOG, own),
            *_follows(LOG, own, by=SERVICE),
            Import(LOG, "service", _events_of(here)),
            *(one for copy in copies.values() for one in _reads(COPIES, copy)),
            *heard,
        ),
    )
    replicator = Role(
        user=REPLICATOR,
        imports=(
            *_reads(LOG, own),
            *_follows(LOG, own, by=REPLICATOR),
            _api(LOG, f"STREAM.CREATE.{own}"),
            # Frames are written once all readers of the log are of a version that reads them.
            _api(LOG, f"CONSUMER.LIST.{own}"),
            *(
                one
                for origin, copy in copies.items()
                for one in (
                    *_reads(COPIES, copy),
                    *_follows(COPIES, copy, by=REPLICATOR),
                    _api(COPIES, f"STREAM.CREATE.{copy}"),
                    Import(COPIES, "service", _events_of(origin)),
                )
            ),
            # The projection of this region is compared with what the other regions know of it.
            *heard_of_others,
        ),
        announces=here,
    )
    return [service, replicator, *peers]


def accounts(here: Region, regions: Iterable[Region], passwords: Mapping[str, str]) -> dict[str, Any]:
    """The `accounts` of a server's configuration. `passwords` has one for every one of `users`.

    A role has a second user if `passwords` has one for it.
    """
    all_roles = roles(here, regions)
    return {
        LOG: {
            "jetstream": {"max_consumers": CONSUMERS_MAX},
            "users": [_user(LOG_OPERATOR, passwords)],
            "exports": list(_exports(LOG, all_roles)),
        },
        COPIES: {
            "jetstream": {"max_consumers": CONSUMERS_MAX},
            "users": [_user(COPIES_OPERATOR, passwords)],
            "exports": list(_exports(COPIES, all_roles)),
        },
        SYSTEM: {"users": [_user(SYSTEM_OPERATOR, passwords)]},
        **{
            role.account: {
                "users": [
                    _user(user, passwords) | _permissions(role)
                    for user in (role.user, f"{role.user}{SECOND}")
                    if user == role.user or user in passwords
                ],
                "mappings": {f"{_API}.>": f"{_API_HERE}.>"},
                "imports": [one.declared() for one in dict.fromkeys(role.imports)],
                "exports": list(_exports(role.account, all_roles)),
                **_limits(here, role),
            }
            for role in all_roles
        },
    }


def _reads(account: str, stream: str) -> tuple[Import, ...]:
    return _api(account, f"STREAM.INFO.{stream}"), _api(account, f"STREAM.MSG.GET.{stream}")


def _follows(account: str, stream: str, *, by: str) -> tuple[Import, ...]:
    """The imports for following a log: events arrive on the follower's own subjects, under its flow control."""
    return (
        _api(account, f"CONSUMER.CREATE.{stream}"),
        Import(account, "service", f"$JS.FC.{stream}.>"),
        Import(account, "stream", f"{deliveries_to(by)}.>"),
    )


def _events_of(origin: Region) -> str:
    """The subjects of every epoch of an origin."""
    return f"events.{origin}.>"


def _api(account: str, subject: str) -> Import:
    return Import(account, "service", f"{_API}.{subject}")


def _exports(account: str, all_roles: Sequence[Role]) -> Iterator[dict[str, Any]]:
    """The exports of `account`: all that other accounts import, each for these accounts only."""
    importers: dict[tuple[str, str], list[str]] = {}
    for role in all_roles:
        for one in dict.fromkeys(role.imports):
            if one.account == account:
                importers.setdefault((one.kind, one.subject), []).append(role.account)
    for (kind, subject), names in importers.items():
        yield {kind: subject, "accounts": names}


def _user(user: str, passwords: Mapping[str, str]) -> dict[str, Any]:
    return {"user": user, "password": passwords[user]}


def _permissions(role: Role) -> dict[str, Any]:
    """The permissions of a role.

    If it only hears announcements, it makes none: in its own account it would hear itself. A replicator also hears its
    own region's announcements, and ignores them.
    """
    return {} if role.announces else {"permissions": {"publish": {"deny": [announcements_of(Region(">"))]}}}


def _limits(here: Region, role: Role) -> dict[str, Any]:
    """Limits for the users of other regions, so that this region always has enough for itself."""
    if role.announces in {None, here}:
        return {}
    return {"limits": {"max_connections": CONNECTIONS_MAX, "max_subscriptions": SUBSCRIPTIONS_MAX}}
