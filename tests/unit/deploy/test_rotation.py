"""In every step of a change, what processes use is accepted, also by a server that is one step behind or ahead."""

import itertools
from pathlib import Path

import pytest

from core.positions import Region
from deploy.logins import Logins, new_logins
from deploy.nats.accounts import ROUTES, SECOND, accounts
from deploy.rotation import (
    NATS,
    NEW,
    OLD,
    REDIS,
    Certificate,
    Login,
    Step,
    TheAuthority,
    UnknownSecret,
    steps_of,
    subject_of,
)
from deploy.valid_logins import during
from runtime.credentials import read_credentials

IOWA, JAPAN = Region("us-iowa"), Region("asia-japan")
REGIONS = [IOWA, JAPAN]
CERTIFICATES = ["us-iowa-nats", "us-iowa-service", "asia-japan-nats"]
LOGINS = [Login(IOWA, NATS, "service"), Login(IOWA, NATS, "peer-asia-japan"), Login(JAPAN, REDIS, "replicator")]


@pytest.fixture
def logins() -> Logins:
    return new_logins(REGIONS)


def is_accepted(used: Step, by: Step) -> bool:
    suffix, value = used.used
    return value in by.accepted.get(suffix, ())


def with_the_start(login: Login) -> list[Step]:
    return [Step("before"), *steps_of(login, ())]


@pytest.mark.parametrize("login", LOGINS, ids=str)
def test_a_login_in_use_is_accepted_in_its_step_and_in_the_steps_beside_it(login: Login) -> None:
    for before, after in itertools.pairwise(with_the_start(login)):
        assert is_accepted(after, by=after), after.title
        assert is_accepted(before, by=after), f"refused before the processes follow: {after.title}"
        assert is_accepted(after, by=before) or before.used == after.used, f"refused too early: {after.title}"


@pytest.mark.parametrize("login", LOGINS, ids=str)
def test_at_the_end_the_old_password_and_the_second_user_are_gone(login: Login) -> None:
    last = steps_of(login, ())[-1]
    assert last.accepted == {"": (NEW,)}
    assert last.used == ("", NEW)


def test_each_step_changes_the_servers_or_the_processes_and_never_both() -> None:
    for login in LOGINS:
        for before, after in itertools.pairwise(with_the_start(login)):
            assert (before.accepted != after.accepted) != (before.used != after.used), after.title


def test_an_authority_is_trusted_before_its_first_certificate_and_the_old_one_until_its_last() -> None:
    steps = steps_of(TheAuthority(), CERTIFICATES)
    for before, after in itertools.pairwise([Step("before"), *steps]):
        assert len(after.issued - before.issued) <= 1, "certificates change one by one"
        for step, issued in itertools.product((before, after), (before.issued, after.issued)):
            of = {NEW if name in issued else OLD for name in CERTIFICATES}
            assert of <= set(step.trusted) or step is before is not after, after.title
    assert steps[-1].trusted == (NEW,)
    assert steps[-1].issued == set(CERTIFICATES)


def test_the_files_of_each_step_have_its_logins(logins: Logins, tmp_path: Path) -> None:
    login = Login(IOWA, NATS, "replicator")
    old = logins.nats[IOWA]["replicator"]
    used = []
    for step in steps_of(login, ()):
        valid = during(step, logins, changed=login, new="n" * 43)
        users = accounts(IOWA, REGIONS, valid.accepted.nats[IOWA])["REPLICATOR"]["users"]
        accepted = {user["user"]: user["password"] for user in users}
        (tmp_path / "replicator.toml").write_text(valid.replicator(IOWA))
        shown = read_credentials(tmp_path / "replicator.toml").nats[IOWA]
        assert accepted[shown.user] == shown.password, step.title
        used.append((shown.user, shown.password))
        (tmp_path / "elsewhere.toml").write_text(valid.replicator(JAPAN))
        elsewhere = read_credentials(tmp_path / "elsewhere.toml").nats[IOWA]
        assert elsewhere.password == logins.nats[IOWA]["peer-asia-japan"], "another login stays"
    assert list(dict.fromkeys(used)) == [
        ("replicator", old),
        (f"replicator{SECOND}", "n" * 43),
        ("replicator", "n" * 43),
    ]


def test_names_of_secrets_are_understood_and_others_refused(logins: Logins) -> None:
    users = {
        NATS: {region: list(users) for region, users in logins.nats.items()},
        REDIS: {region: list(users) for region, users in logins.redis.items()},
    }

    def named(*words: str) -> object:
        return subject_of(words, logins=users, certificates=CERTIFICATES)

    assert named("us-iowa/redis/service") == Login(IOWA, REDIS, "service")
    assert named("authority") == TheAuthority()
    assert named("certificate", "us-iowa-nats") == Certificate("us-iowa-nats")
    for words in (["us-iowa/redis/nobody"], ["mars/nats/service"], ["service"], ["certificate", "mars"]):
        with pytest.raises(UnknownSecret, match=r"expected one of the certificates|no secret is named"):
            named(*words)
    with pytest.raises(UnknownSecret, match="share it"):
        named(f"us-iowa/nats/{ROUTES}")
    with pytest.raises(UnknownSecret, match="there are no certificates"):
        subject_of(["authority"], logins=users, certificates=())
