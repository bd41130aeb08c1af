"""A change is kept before each step, and continues after an interruption at any of them."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from core.positions import Region
from deploy.kept_logins import changed_in, rotation_in
from deploy.local.secrets import keep_logins, kept_in, valid_logins_in
from deploy.rotating import Report, RotationRefused, finish_login, locked, new_login_value, rotate
from deploy.rotation import NATS, REDIS, Login, steps_of

IOWA = Region("us-iowa")
REGIONS = [IOWA, Region("asia-japan")]
NOW, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
AT_NATS, AT_REDIS = Login(IOWA, NATS, "service"), Login(IOWA, REDIS, "service")


class Interrupted(Exception):
    """The command was killed."""


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    keep_logins(tmp_path / "vault", REGIONS, now=NOW)
    return tmp_path / "vault"


def change(
    vault: Path, login: Login, *, apply: Callable[[], None] = lambda: None, report: Callable[[Report], None] = print
) -> None:
    rotate(
        vault,
        login,
        new_value=partial(new_login_value, now=LATER),
        apply=apply,
        report=report,
        finish=lambda rotation: finish_login(vault, rotation, REGIONS),
    )


def password(vault: Path) -> str:
    return valid_logins_in(vault, REGIONS).accepted.nats[IOWA]["service"]


def test_a_change_replaces_one_password_and_no_other(vault: Path) -> None:
    before = valid_logins_in(vault, REGIONS).accepted
    change(vault, AT_NATS)
    after = valid_logins_in(vault, REGIONS).accepted
    differing = {
        (region, user)
        for region, users in after.nats.items()
        for user, secret in users.items()
        if before.nats[region][user] != secret
    }
    assert differing == {(IOWA, "service")}
    assert after.redis == before.redis
    assert changed_in(vault) == {"made": NOW, "us-iowa/nats/service": LATER}
    assert rotation_in(vault) is None


@pytest.mark.parametrize("interrupted_at", range(5))
def test_an_interrupted_change_continues_with_the_same_password_at_its_step(vault: Path, interrupted_at: int) -> None:
    passwords: set[str] = set()
    seen: list[int] = []

    def applied() -> None:
        rotation = rotation_in(vault)
        assert rotation is not None, "it is kept before it is applied"
        passwords.add(rotation.password)
        if len(seen) == interrupted_at + 1:
            raise Interrupted

    with pytest.raises(Interrupted):
        change(vault, AT_NATS, apply=applied, report=lambda report: seen.append(report.number))
    change(vault, AT_NATS, report=lambda report: seen.append(report.number))
    count = len(steps_of(AT_NATS, ()))
    at = interrupted_at + 1
    assert seen == [*range(1, at + 1), *range(at, count + 1)]
    assert {password(vault)} == passwords
    assert rotation_in(vault) is None


def test_a_start_in_the_middle_of_a_change_has_the_logins_of_its_step(vault: Path) -> None:
    def killed_at_the_second() -> None:
        rotation = rotation_in(vault)
        if rotation is not None and rotation.step == 1:
            raise Interrupted

    with pytest.raises(Interrupted):
        change(vault, AT_REDIS, apply=killed_at_the_second)
    valid = keep_logins(vault, REGIONS, now=LATER)
    used = valid.used.redis[IOWA]["service"]
    assert used != valid.accepted.redis[IOWA]["service"]
    assert used in valid.also[IOWA]["service"]
    (under_way,) = [one for one in kept_in(vault, REGIONS).secrets() if one.under_way]
    assert (under_way.name, under_way.under_way) == ("us-iowa/redis/service", "step 2 of 3")


def test_another_secret_waits_until_the_change_under_way_is_finished(vault: Path) -> None:
    def fails() -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        change(vault, AT_NATS, apply=fails)
    with pytest.raises(RotationRefused, match="finish it first: crosshook secrets rotate us-iowa/nats/service"):
        change(vault, AT_REDIS)


def test_a_second_command_at_the_same_time_is_refused(vault: Path) -> None:
    with locked(vault), pytest.raises(RotationRefused, match="another command"):
        change(vault, AT_NATS)
    assert rotation_in(vault) is None
    change(vault, AT_NATS)


def test_only_the_owner_can_read_the_secrets_at_any_step(vault: Path) -> None:
    def check() -> None:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (vault, *vault.iterdir())}
        assert modes == {"vault": 0o700, "logins.json": 0o600, "changed.json": 0o600, "rotation.json": 0o600}

    change(vault, AT_NATS, apply=check)
