"""The logins that are valid while one of them is changed, for the servers and for the processes."""

from collections.abc import Mapping, Sequence

import msgspec

from core.positions import Region
from deploy.logins import Logins
from deploy.rotation import NATS, NEW, Login, Step, Value


class ValidLogins(msgspec.Struct, frozen=True):
    """What servers accept and what processes use.

    `accepted` has the users of the servers, with second users. `also` are further passwords of users of a Redis.
    `used` has the passwords that processes log in with, and `second` the login whose processes log in as its second
    user.
    """

    accepted: Logins
    used: Logins
    also: Mapping[Region, Mapping[str, Sequence[str]]] = {}
    second: Login | None = None

    def service(self, here: Region) -> str:
        """The file of credentials of a region's services."""
        return self.used.service(here, second=self.second)

    def replicator(self, here: Region) -> str:
        """The file of credentials of a region's replicators, which connect to every region."""
        return self.used.replicator(here, second=self.second)


def unchanged(logins: Logins) -> ValidLogins:
    """The logins while none is changed."""
    return ValidLogins(accepted=logins, used=logins)


def during(step: Step, logins: Logins, *, changed: Login, new: str) -> ValidLogins:
    """The logins in a step of the change of one of them, whose new password is `new`."""
    old = (logins.nats if changed.server == NATS else logins.redis)[changed.region][changed.user]
    text = {Value.OLD: old, NEW: new}
    accepted = logins
    also: Mapping[Region, Mapping[str, Sequence[str]]] = {}
    for suffix, (first, *others) in step.accepted.items():
        accepted = with_password(accepted, changed, f"{changed.user}{suffix}", text[first])
        if others:
            also = {changed.region: {changed.user: [text[other] for other in others]}}
    suffix, value = step.used
    return ValidLogins(
        accepted=accepted,
        used=with_password(logins, changed, changed.user, text[value]),
        also=also,
        second=changed if suffix else None,
    )


def with_password(logins: Logins, changed: Login, user: str, password: str) -> Logins:
    """`logins` with this password of a user at the same server."""
    of_server = logins.nats if changed.server == NATS else logins.redis
    others = {**of_server, changed.region: {**of_server[changed.region], user: password}}
    return msgspec.structs.replace(logins, **{changed.server: others})
