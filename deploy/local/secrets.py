"""The secrets of regions on one machine. They stay with the data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from core.positions import Region
from deploy.files import put
from deploy.kept_logins import CHANGED, LOGINS, as_text, changed_in, logins_in, rotation_in
from deploy.kept_secrets import Kept
from deploy.local.private import make_private
from deploy.rotation import MADE, NATS, REDIS, Login, steps_of
from deploy.valid_logins import ValidLogins, during, unchanged


def vault_of(data: Path) -> Path:
    """Where the secrets are kept, in the directory of the regions' data."""
    return data / "vault"


def keep_logins(vault: Path, regions: Sequence[Region], *, now: datetime) -> ValidLogins:
    """The kept logins, which are made if missing. In an interrupted change they are those of its step."""
    make_private(vault)
    put(vault / LOGINS, as_text(logins_in(vault, regions)))
    put(vault / CHANGED, as_text({MADE: now, **changed_in(vault)}))
    return valid_logins_in(vault, regions)


def valid_logins_in(vault: Path, regions: Sequence[Region]) -> ValidLogins:
    """The logins that are valid now."""
    logins, rotation = logins_in(vault, regions), rotation_in(vault)
    if rotation is None or not isinstance(rotation.subject, Login):
        return unchanged(logins)
    step = steps_of(rotation.subject, ())[rotation.step]
    return during(step, logins, changed=rotation.subject, new=rotation.password)


def kept_in(vault: Path, regions: Sequence[Region]) -> Kept:
    """What is known about each secret."""
    logins = logins_in(vault, regions)
    return Kept(
        logins={
            NATS: {r: list(u) for r, u in logins.nats.items()},
            REDIS: {r: list(u) for r, u in logins.redis.items()},
        },
        changed=changed_in(vault),
        rotation=rotation_in(vault),
    )


def _users(passwords: Mapping[Region, Mapping[str, str]]) -> dict[Region, list[str]]:
    return {region: list(users) for region, users in passwords.items()}
