"""The options of `crosshook keys issue` that restrict a key."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
import msgspec

from cli.admin_api import IssuedApiKey
from cli.failure import Misuse
from core.key_scopes import KeyScope, restriction

_Command = TypeVar("_Command", bound=Callable[..., Any])

_DURATION = re.compile(r"([0-9]{1,5})([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


class Restrictions(msgspec.Struct, frozen=True):
    """What a new key may do, and until when. None means all, and always."""

    scopes: tuple[str, ...] | None = None
    expires_at: str | None = None

    def members(self) -> dict[str, Any]:
        """The members of the request's body."""
        scopes = {} if self.scopes is None else {"scopes": self.scopes}
        return scopes if self.expires_at is None else {**scopes, "expires_at": self.expires_at}

    def hold_of(self, issued: IssuedApiKey) -> bool:
        """Whether the key has them. A service of an older version ignores them."""
        is_limited = self.scopes is None or restriction(self.scopes) == restriction(issued.scopes or KeyScope)
        return is_limited and (self.expires_at is None or issued.expires_at is not None)


def restriction_options(command: _Command) -> _Command:
    """The options that `restrictions_of` takes."""
    scopes = click.option(
        "--scope",
        "scopes",
        multiple=True,
        type=click.Choice([scope.value for scope in KeyScope]),
        help="What the key may do; give it several times for several scopes.  [default: all]",
    )
    expires_in = click.option(
        "--expires-in", metavar="TIME", help="When the key expires: 90d, 12h or 4w from now.  [default: never]"
    )
    expires_at = click.option(
        "--expires-at", metavar="TIME", help="The same as a time of RFC 3339, such as 2030-01-31T00:00:00Z."
    )
    return scopes(expires_in(expires_at(command)))


def restrictions_of(scopes: tuple[str, ...], expires_in: str | None, expires_at: str | None) -> Restrictions:
    """The restrictions that the options ask for. Ends the command if they contradict each other."""
    if expires_in is not None:
        if expires_at is not None:
            raise Misuse("--expires-in and --expires-at both say when the key expires; give only one of them")
        expires_at = _from_now(expires_in)
    return Restrictions(scopes or None, expires_at)


def _from_now(text: str) -> str:
    found = _DURATION.fullmatch(text)
    if found is None or not int(found[1]):
        raise Misuse("--expires-in: expected hours, days or weeks, such as 12h, 90d or 4w")
    expiry = datetime.now(UTC) + timedelta(hours=int(found[1]) * _HOURS[found[2]])
    return expiry.isoformat(timespec="seconds").replace("+00:00", "Z")
