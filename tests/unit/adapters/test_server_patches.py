"""A server without security fixes is recognized by its version, whatever its line."""

import pytest

from adapters.server_patches import (
    FAULTS,
    PATCHED,
    Kind,
    Server,
    Version,
    accepted_servers,
    outdated,
    patched_release,
    server_in,
    warning_about,
)

OLD = Server(Kind.REDIS, (6, 2, 14))


@pytest.mark.parametrize(
    ("kind", "version", "instead"),
    [
        (Kind.REDIS, (6, 0, 16), (6, 2, 20)),
        (Kind.REDIS, (6, 2, 19), (6, 2, 20)),
        (Kind.REDIS, (7, 0, 15), (7, 2, 11)),
        (Kind.REDIS, (7, 2, 10), (7, 2, 11)),
        (Kind.REDIS, (7, 3, 99), (7, 4, 6)),
        (Kind.REDIS, (7, 4, 5), (7, 4, 6)),
        (Kind.REDIS, (8, 0, 3), (8, 0, 4)),
        (Kind.REDIS, (8, 1, 0), (8, 2, 2)),
        (Kind.REDIS, (8, 2, 1), (8, 2, 2)),
        (Kind.VALKEY, (7, 2, 10), (7, 2, 11)),
        (Kind.VALKEY, (8, 0, 5), (8, 0, 6)),
        (Kind.VALKEY, (8, 1, 3), (8, 1, 4)),
        (Kind.NATS, (2, 12, 6), (2, 12, 7)),
    ],
)
def test_an_old_server_is_told_the_release_of_its_line_or_of_the_next_line_that_has_one(
    kind: Kind, version: Version, instead: Version
) -> None:
    assert patched_release(Server(kind, version)) == instead


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        *((kind, release) for kind, releases in PATCHED.items() for release in releases),
        (Kind.REDIS, (6, 2, 24)),
        (Kind.REDIS, (7, 2, 16)),
        (Kind.REDIS, (8, 4, 0)),
        (Kind.REDIS, (9, 0, 0)),
        (Kind.VALKEY, (8, 2, 0)),
        (Kind.VALKEY, (9, 0, 0)),
        (Kind.NATS, (2, 14, 0)),
        (Kind.NATS, (2, 15, 1)),
    ],
)
def test_a_patched_release_a_later_one_of_its_line_and_every_newer_line_raise_no_warning(
    kind: Kind, version: Version
) -> None:
    assert warning_about(Server(kind, version)) == ""


def test_the_warning_has_both_versions_and_the_worst_fault() -> None:
    assert warning_about(OLD) == (
        "Redis 6.2.14 lacks security fixes: a login that may run scripts can run code in the server (CVE-2025-49844); "
        "run 6.2.20 or a later patched release"
    )
    assert set(FAULTS) == set(PATCHED) == set(Kind)


@pytest.mark.parametrize(
    ("info", "server"),
    [
        ({"redis_version": "8.0.2", "gcc_version": "14.2.0"}, Server(Kind.REDIS, (8, 0, 2))),
        (
            {"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "8.1.3"},
            Server(Kind.VALKEY, (8, 1, 3)),
        ),
        ({"redis_version": "7.4-rc1"}, Server(Kind.REDIS, (7, 4, 0))),
        ({"redis_version": "new"}, None),
        ({}, None),
    ],
)
def test_a_valkey_is_not_taken_for_the_redis_that_it_resembles(info: dict[str, str], server: Server | None) -> None:
    assert server_in(info) == server


def test_only_the_servers_that_were_seen_and_not_accepted_are_outdated() -> None:
    nats, newer = Server(Kind.NATS, (2, 15, 1)), Server(Kind.REDIS, (6, 2, 15))
    assert outdated((nats, None)) == {}
    assert outdated((nats, OLD)) == {"redis": warning_about(OLD)}
    assert outdated((nats, OLD), accepted={OLD}) == {}
    assert list(outdated((nats, newer), accepted={OLD})) == ["redis"], "only the version that was vouched for counts"


def test_several_servers_can_be_accepted() -> None:
    assert accepted_servers("") == frozenset()
    assert accepted_servers(" redis 7.0.15,nats 2.12.3, ") == {
        Server(Kind.REDIS, (7, 0, 15)),
        Server(Kind.NATS, (2, 12, 3)),
    }


@pytest.mark.parametrize("text", ["redis", "redis 7.0", "redis 7.0.15-1", "memcached 1.6.0", "redis 7.0.15 7.2.0"])
def test_a_server_that_is_not_named_in_full_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        accepted_servers(text)
