"""Each account of a region's NATS imports exactly the subjects that are listed here."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from core.positions import Region
from deploy.nats.accounts import CONSUMERS_MAX, COPIES, LOG, SYSTEM, accounts, users

REGIONS = [Region("us"), Region("eu"), Region("jp")]

READS = "asks {of} for $JS.API.STREAM.INFO.EVENTS_{log} | asks {of} for $JS.API.STREAM.MSG.GET.EVENTS_{log}"
FOLLOWS = "asks {of} for $JS.API.CONSUMER.CREATE.EVENTS_{log} | asks {of} for $JS.FC.EVENTS_{log}.>"
LISTS_READERS = "asks {of} for $JS.API.CONSUMER.LIST.EVENTS_{log}"
CREATES = "asks {of} for $JS.API.STREAM.CREATE.EVENTS_{log}"
APPENDS = "asks {of} for events.{log}.>"
HEARS_OTHERS = "hears PEER-EU say watermarks.eu | hears PEER-JP say watermarks.jp"
HEARS = f"hears REPLICATOR say watermarks.us | {HEARS_OTHERS}"


def at(of: str, log: str, *what: str) -> str:
    return " | ".join(what).format(of=of, log=log)


EXPECTED = {
    LOG: "",
    COPIES: "",
    SYSTEM: "",
    "SERVICE": " | ".join(
        [
            at(LOG, "us", READS, FOLLOWS, APPENDS),
            "hears LOG say deliver.service.>",
            at(COPIES, "eu", READS),
            at(COPIES, "jp", READS),
            HEARS,
        ]
    ),
    "REPLICATOR": " | ".join(
        [
            at(LOG, "us", READS, FOLLOWS, CREATES, LISTS_READERS),
            "hears LOG say deliver.replicator.>",
            at(COPIES, "eu", READS, FOLLOWS, CREATES, APPENDS),
            at(COPIES, "jp", READS, FOLLOWS, CREATES, APPENDS),
            "hears COPIES say deliver.replicator.>",
            HEARS_OTHERS,
        ]
    ),
    "PEER-EU": " | ".join([at(LOG, "us", READS, FOLLOWS), "hears LOG say deliver.peer-eu.>", at(COPIES, "eu", READS)]),
    "PEER-JP": " | ".join([at(LOG, "us", READS, FOLLOWS), "hears LOG say deliver.peer-jp.>", at(COPIES, "jp", READS)]),
}


class Use(NamedTuple):
    """What one account uses of another."""

    who: str
    what: str


def configured() -> dict[str, Any]:
    here, regions = REGIONS[0], REGIONS
    return accounts(here, regions, dict.fromkeys(users(here, regions), "word"))


def imported(who: str, account: dict[str, Any]) -> Iterator[Use]:
    for declared in account.get("imports", ()):
        for kind, verb, preposition in (("service", "asks", "for"), ("stream", "hears", "say")):
            if source := declared.get(kind):
                yield Use(who, f"{verb} {source['account']} {preposition} {source['subject']}")


def exported(whose: str, account: dict[str, Any]) -> Iterator[Use]:
    for declared in account.get("exports", ()):
        for kind, verb, preposition in (("service", "asks", "for"), ("stream", "hears", "say")):
            if kind in declared:
                for who in declared["accounts"]:
                    yield Use(who, f"{verb} {whose} {preposition} {declared[kind]}")


def expected() -> set[Use]:
    return {Use(who, what) for who, text in EXPECTED.items() for what in text.split(" | ") if what}


def test_each_role_imports_what_it_needs_by_its_exact_subjects_and_nothing_else() -> None:
    assert configured().keys() == EXPECTED.keys()
    assert {use for name, account in configured().items() for use in imported(name, account)} == expected()


def test_an_export_is_only_for_the_accounts_that_import_it() -> None:
    assert {use for name, account in configured().items() for use in exported(name, account)} == expected()


def test_a_role_has_no_jetstream_but_imports_its_requests_under_another_prefix() -> None:
    for name, account in configured().items():
        if name in {LOG, COPIES, SYSTEM}:
            assert ("jetstream" in account) is (name != SYSTEM)
            continue
        assert account.keys() - {"limits"} == {"users", "mappings", "imports", "exports"}
        assert account["mappings"] == {"$JS.API.>": "api.>"}
        assert [user["user"] for user in account["users"]] == [name.lower()]
        for declared in account["imports"]:
            subject = declared.get("service", {}).get("subject", "")
            is_api = subject.startswith("$JS.API.")
            assert declared.get("to") == ("api." + subject.removeprefix("$JS.API.") if is_api else None)


def test_only_the_accounts_of_other_regions_have_limits() -> None:
    for name, account in configured().items():
        limits = account.get("limits", {})
        assert limits.keys() == ({"max_connections", "max_subscriptions"} if name.startswith("PEER-") else set())
        if name in {LOG, COPIES}:
            assert account["jetstream"] == {"max_consumers": CONSUMERS_MAX}
