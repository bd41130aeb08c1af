"""The logins and the admin key of a deployment, kept in a directory that only its owner can open.

Beside them is the change that is under way, and when each secret was last changed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.files import text_in
from deploy.logins import Logins, new_logins
from deploy.rotation import Rotation

LOGINS, ROTATION, CHANGED = "logins.json", "rotation.json", "changed.json"


def logins_in(directory: Path, regions: Sequence[Region]) -> Logins:
    """The kept logins. A new user gets a new password."""
    new = new_logins(regions)
    kept = text_in(directory / LOGINS)
    if not kept:
        return new
    old = msgspec.json.decode(kept, type=Logins)
    return Logins(nats=_over(old.nats, new.nats), redis=_over(old.redis, new.redis))


def rotation_in(directory: Path) -> Rotation | None:
    """The change that is under way; None if there is none."""
    kept = text_in(directory / ROTATION)
    return msgspec.json.decode(kept, type=Rotation) if kept else None


def changed_in(directory: Path) -> Mapping[str, datetime]:
    """When secrets were changed last, by their names. Without a time, a secret is as old as the directory's first."""
    kept = text_in(directory / CHANGED)
    return msgspec.json.decode(kept, type=dict[str, datetime]) if kept else {}


def as_text(value: object) -> str:
    """The text of a file with this value."""
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def _over(
    old: Mapping[Region, Mapping[str, str]], new: Mapping[Region, Mapping[str, str]]
) -> Mapping[Region, Mapping[str, str]]:
    """`new`, with the values of `old` for the same keys."""
    return {
        region: {user: old.get(region, {}).get(user, password) for user, password in users.items()}
        for region, users in new.items()
    }
