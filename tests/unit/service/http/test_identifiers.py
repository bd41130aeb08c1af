import time
from uuid import UUID

import pytest

from service.http.identifiers import new_identifier, uuid_in


def test_an_identifier_is_a_uuid_of_version_7_that_names_the_present_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    identifier = UUID(new_identifier())
    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")
    assert before <= identifier.int >> 80 <= time.time_ns() // 1_000_000


def test_ten_thousand_identifiers_differ_and_are_in_their_canonical_form() -> None:
    identifiers = [new_identifier() for _ in range(10_000)]
    assert len(set(identifiers)) == 10_000
    assert all(uuid_in(identifier) == identifier for identifier in identifiers)


@pytest.mark.parametrize("bits", [0, 1])
def test_version_and_variant_do_not_depend_on_the_random_bits(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbits", lambda count: bits * (2**count - 1))
    identifier = UUID(new_identifier())
    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")


def test_a_later_identifier_sorts_after_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000)
    first = new_identifier()
    monkeypatch.setattr("time.time_ns", lambda: 1_001_000_000)
    assert first < new_identifier()
