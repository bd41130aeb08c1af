"""The table of API keys fits a terminal of 80 columns, and marks keys that expire."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.admin_api import ApiKey
from cli.keys_table import SOON_DAYS, keys_table
from cli.tables import TableConsole

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY_ID = "01a209cc-d549-7788-b87c-a8c76edb7d8d"


def lines_of(*keys: ApiKey) -> list[str]:
    console = TableConsole()
    with console.capture() as capture:
        console.print(keys_table(keys, now=NOW))
    return [line.rstrip() for line in capture.get().splitlines()]


def key(*, name: str = "billing", scopes: list[str] | None = None, expires_at: str | None = None) -> ApiKey:
    return ApiKey(
        KEY_ID,
        name,
        "2026-11-29T21:25:20.123456Z",
        scopes=scopes or [],
        expires_at=expires_at,
        last_used_at="2026-11-30",
    )


def cells_of(one: ApiKey) -> list[list[str]]:
    """The cells of each line of a key, without its head."""
    return [line.split("  ") for line in lines_of(one)[3:] if line]


def expiry_of(**left: float) -> str:
    """What the table shows of a key that expires after so much time."""
    expires_at = (NOW + timedelta(**left)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return " ".join(" ".join(lines_of(key(name="", expires_at=expires_at))[3:]).split()[3:]).replace(" all", "")


def test_a_key_with_everything_fits_80_columns() -> None:
    lines = lines_of(
        key(name="n" * 100, scopes=["read", "write"], expires_at="2036-11-30T11:00:00.000Z"),
        key(expires_at="2020-01-01T00:00:00.000Z"),
    )
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("n") >= 100


def test_a_key_is_shown_with_its_id_its_name_its_scopes_and_its_day() -> None:
    shown = lines_of(key(scopes=["read", "write"]))
    assert shown[3].split() == [KEY_ID, "2026-11-29", "2026-11-30", "never", "read"]
    assert shown[4].split() == ["billing", "write"]


@pytest.mark.parametrize("scopes", [[], ["write", "events", "read"]])
def test_a_key_without_restriction_has_all_scopes(scopes: list[str]) -> None:
    assert lines_of(key(scopes=scopes))[3].split()[-1] == "all"


def test_the_expiry_is_shown_as_a_day_and_as_a_distance_and_marked_if_it_is_near_or_over() -> None:
    assert expiry_of(days=89, hours=1) == "2027-02-27 in 89 days"
    assert expiry_of(days=SOON_DAYS, seconds=1) == "2026-12-30 in 30 days"
    assert expiry_of(days=SOON_DAYS) == "2026-12-30 in 30 days ! soon"
    assert expiry_of(days=1, hours=1) == "2026-12-01 in 1 day ! soon"
    assert expiry_of(hours=5) == "2026-11-30 in 5 hours ! soon"
    assert expiry_of(seconds=-1) == "2026-11-30 0 hours ago ! expired"
    assert expiry_of(days=-3) == "2026-11-27 3 days ago ! expired"
    assert expiry_of(days=3_653) == "2036-11-30 in 10 years"


def test_characters_that_move_the_cursor_are_not_printed() -> None:
    shown = "\n".join(lines_of(key(name="a\x1b[2Jb", scopes=["re\x1bad"], expires_at="2030\x1b")))
    assert "\x1b" not in shown
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in shown
