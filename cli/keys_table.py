"""The table of an organization's API keys. It fits a terminal of 80 columns."""

from collections.abc import Iterable
from datetime import UTC, datetime

from rich import box
from rich.table import Table
from rich.text import Text

from cli.admin_api import ApiKey
from core.key_scopes import KeyScope

SOON_DAYS = 30
"""A key that expires within this time is marked."""

_DAYS_MAX = 1_000
"""From here on a time is given in years, which take less room."""

_ID_WIDTH = 36


def keys_table(keys: Iterable[ApiKey], *, now: datetime) -> Table:
    """Each key's id, its name with any characters, its times and its scopes."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("API key, name", overflow="fold", min_width=_ID_WIDTH, max_width=_ID_WIDTH)
    for heading in ("created", "last used", "expires", "scopes"):
        table.add_column(heading, no_wrap=True)
    for key in keys:
        table.add_row(
            Text("\n".join(part for part in (key.id, _printable(key.name)) if part)),
            _date(key.created_at),
            Text("never" if key.last_used_at is None else _printable(key.last_used_at)),
            _expiry(key.expires_at, now),
            _scopes(key.scopes),
        )
    return table


def _date(time: str) -> str:
    return time.partition("T")[0]


def _expiry(time: str | None, now: datetime) -> Text:
    """The day, how far away it is, and a mark if the key is expired or will be soon."""
    if time is None:
        return Text("never")
    try:
        days = (datetime.fromisoformat(time).astimezone(UTC) - now).total_seconds() / 86_400
    except ValueError:
        return Text(_printable(time))
    if days <= 0:
        return Text(f"{_date(time)}\n{_distance(-days)} ago\n! expired", style="red")
    when = f"{_date(time)}\nin {_distance(days)}"
    return Text(f"{when}\n! soon", style="yellow") if days <= SOON_DAYS else Text(when)


def _distance(days: float) -> str:
    """A time without a sign: whole hours, days or years, rounded down."""
    if days < 1:
        return _plural(int(days * 24), "hour")
    return _plural(int(days), "day") if days < _DAYS_MAX else _plural(int(days / 365.25), "year")


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _scopes(scopes: list[str]) -> Text:
    """The scopes one below the other. A service of an older version names none: its keys have all."""
    return Text("all" if not scopes or set(scopes) == set(KeyScope) else _printable("\n".join(scopes)))


def _printable(text: str) -> str:
    """The text without characters that would move a terminal's cursor."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )
