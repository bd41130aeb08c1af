"""Restrictions of a new API key, from the options of the command."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.admin_api import IssuedApiKey
from cli.failure import Misuse
from cli.key_restrictions import Restrictions, restrictions_of


def issued(*scopes: str, expires_at: str | None = None) -> IssuedApiKey:
    return IssuedApiKey("1", "", "2026-11-30T00:00:00Z", list(scopes), expires_at, key="text")


def test_without_options_the_body_has_no_restriction() -> None:
    assert restrictions_of((), None, None).members() == {}


@pytest.mark.parametrize(("text", "hours"), [("90d", 90 * 24), ("12h", 12), ("4w", 4 * 7 * 24)])
def test_a_time_from_now_becomes_the_time_of_the_expiry(text: str, hours: int) -> None:
    expires_at = restrictions_of(("read",), text, None).expires_at
    assert expires_at is not None
    left = datetime.fromisoformat(expires_at) - datetime.now(UTC)
    assert timedelta(hours=hours, seconds=-30) < left <= timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "-1d", "1.5d", "90 d", "90m", "100000d", "٣d"])
def test_any_other_time_is_refused(text: str) -> None:
    with pytest.raises(Misuse, match="--expires-in: expected hours, days or weeks"):
        restrictions_of((), text, None)


def test_two_times_are_refused() -> None:
    with pytest.raises(Misuse, match="give only one of them"):
        restrictions_of((), "90d", "2030-01-31T00:00:00Z")


def test_a_key_of_a_service_that_ignored_the_restrictions_is_noticed() -> None:
    limited = Restrictions(("write", "read"), "2030-01-31T00:00:00Z")
    assert limited.hold_of(issued("read", "write", expires_at="2030-01-31T00:00:00.000Z"))
    assert not limited.hold_of(issued("read", "write"))
    assert not limited.hold_of(issued(expires_at="2030-01-31T00:00:00.000Z"))
    assert Restrictions().hold_of(issued())
    assert Restrictions(("read", "write", "events")).hold_of(issued()), "an older version's keys have all scopes"
