"""What is known about each secret that is kept: its name, its age, its expiry, and the change that is under way."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from core.positions import Region
from deploy.rotation import MADE, NATS, REDIS, Login, Rotation, steps_of


class KeptSecret(msgspec.Struct, frozen=True):
    """One secret. `under_way` is the step of its change, or `""`. A login does not expire."""

    name: str
    changed_at: datetime | None
    expires_at: datetime | None = None
    under_way: str = ""


class Kept(msgspec.Struct, frozen=True):
    """All secrets of a deployment: users by server and region, and the expiry of each certificate."""

    logins: Mapping[str, Mapping[Region, Sequence[str]]]
    changed: Mapping[str, datetime]
    rotation: Rotation | None = None
    expiries: Mapping[str, datetime] = {}
    certificates: Sequence[str] = ()

    def secrets(self) -> Iterator[KeptSecret]:
        """Each of them, logins first."""
        for server in (NATS, REDIS):
            for region, users in self.logins[server].items():
                for user in users:
                    yield self._secret(str(Login(region, server, user)))
        for name, expires_at in self.expiries.items():
            yield self._secret(name, expires_at=expires_at)

    def _secret(self, name: str, expires_at: datetime | None = None) -> KeptSecret:
        under_way = ""
        if self.rotation is not None and str(self.rotation.subject) == name:
            steps = steps_of(self.rotation.subject, self.certificates)
            under_way = f"step {self.rotation.step + 1} of {len(steps)}"
        return KeptSecret(name, self.changed.get(name, self.changed.get(MADE)), expires_at, under_way)
