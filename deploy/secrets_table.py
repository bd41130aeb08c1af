"""The table of secrets: their ages, expiries, and the change that is under way."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rich import box
from rich.table import Table

from deploy.kept_secrets import KeptSecret


def secrets_table(secrets: Iterable[KeptSecret], *, now: datetime) -> Table:
    """Each secret's name, when it was last changed and how long ago, its expiry, and the change that is under way."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("secret", "changed", "expires", "under way"):
        table.add_column(heading, no_wrap=True)
    for one in secrets:
        table.add_row(one.name, _ago(one.changed_at, now), _ahead(one.expires_at, now), one.under_way)
    return table


def _ago(time: datetime | None, now: datetime) -> str:
    return "unknown" if time is None else f"{time:%Y-%m-%d}, {_days(now - time)} ago"


def _ahead(time: datetime | None, now: datetime) -> str:
    if time is None:
        return "-"
    return f"{time:%Y-%m-%d}, " + (f"in {_days(time - now)}" if time > now else "expired")


def _days(duration: timedelta) -> str:
    return "1 day" if duration.days == 1 else f"{duration.days} days"
