"""An operation's id names the place of its event to its own organization and to no other."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operations import NONCE_BITS, Operation, batch_name, log_code, operation_id, operation_in
from core.positions import Epoch, Region, Sequence

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ANOTHER = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba2"
HERE = log_code(Region("us-iowa"), Epoch("k3v9x2"))
NOW = 1_795_000_000_000

nonces = st.integers(0, 2**NONCE_BITS - 1)
places = st.integers(1, 2**40 - 1).flatmap(
    lambda sequence: st.tuples(st.integers(max(1, sequence - 499), sequence), st.just(sequence))
)


def made(organization: str, batch: int, start: int, sequence: int) -> str:
    return operation_id(organization, batch=batch, log=HERE, batch_start=Sequence(start), sequence=Sequence(sequence))


@given(st.uuids().map(str), st.integers(0, 2**26 * 60_000 - 1), nonces, places)
def test_an_id_is_a_uuid_of_version_8_that_reads_back(
    organization: str, now: int, nonce: int, place: tuple[int, int]
) -> None:
    start, sequence = place
    batch = batch_name(now_milliseconds=now, nonce=nonce)
    text = made(organization, batch, start, sequence)
    assert (UUID(text).version, UUID(text).variant, str(UUID(text))) == (8, "specified in RFC 4122", text)
    operation = operation_in(text, organization)
    assert operation == Operation(batch, HERE, Sequence(start), Sequence(sequence))
    assert operation.made_at_minutes == now // 60_000


@given(nonces, places)
def test_for_another_organization_an_id_names_no_existing_log(nonce: int, place: tuple[int, int]) -> None:
    """Of 16 million codes a topology has at most ten."""
    text = made(ORGANIZATION, batch_name(now_milliseconds=NOW, nonce=nonce), *place)
    operation = operation_in(text, ANOTHER)
    assert operation is None or operation.log != HERE


def test_each_epoch_of_each_origin_is_a_log_of_its_own() -> None:
    codes = {log_code(Region(origin), Epoch(epoch)) for origin in ("us-iowa", "asia-japan") for epoch in ("a", "b")}
    assert len(codes) == 4


def test_ids_of_one_batch_differ_and_so_do_those_of_two_batches_for_one_place() -> None:
    one, other = (batch_name(now_milliseconds=NOW, nonce=nonce) for nonce in (1, 2))
    ids = {made(ORGANIZATION, batch, 5, sequence) for batch in (one, other) for sequence in (5, 6, 7)}
    assert len(ids) == 6


def test_an_id_with_a_batch_before_the_logs_beginning_is_refused() -> None:
    batch = batch_name(now_milliseconds=NOW, nonce=1)
    assert operation_in(made(ORGANIZATION, batch, 1, 9), ORGANIZATION) is not None
    for start in (0, -1, -400):
        assert operation_in(made(ORGANIZATION, batch, start, 9), ORGANIZATION) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no-uuid",
        "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1",
        "01a20c31-5483-73d5-8521-3cb5e9bcc1c7",
        "6b052b59-3e3e-8773-c63a-c20000000001",
        "6b052b59-3e3e-8773-a63a-c2000000000",
    ],
)
def test_an_id_of_another_kind_is_refused(text: str) -> None:
    assert operation_in(text, ORGANIZATION) is None
