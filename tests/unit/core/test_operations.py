"""An operation's id says where its event is, to its own organization and to nobody else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operations import NONCE_BITS, Operation, batch_name, operation_id, operation_in
from core.positions import Region, Sequence
from core.stamps import origin_code

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ANOTHER = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba2"
HERE = Region("us-iowa")
NOW = 1_795_000_000_000

nonces = st.integers(0, 2**NONCE_BITS - 1)
places = st.tuples(st.integers(1, 2**40 - 1), st.integers(0, 499)).map(
    lambda place: (max(1, place[0] - place[1]), place)
)


def made(organization: str, batch: int, start: int, sequence: int) -> str:
    return operation_id(
        organization, batch=batch, origin=HERE, batch_start=Sequence(start), sequence=Sequence(sequence)
    )


@given(st.uuids().map(str), st.integers(0, 2**32 * 1_000 - 1), nonces, places)
def test_an_id_is_a_uuid_of_version_8_that_says_what_it_was_made_of(
    organization: str, now: int, nonce: int, place: tuple[int, tuple[int, int]]
) -> None:
    start, (sequence, _) = place
    batch = batch_name(now_milliseconds=now, nonce=nonce)
    text = made(organization, batch, start, sequence)
    assert (UUID(text).version, UUID(text).variant, str(UUID(text))) == (8, "specified in RFC 4122", text)
    operation = operation_in(text, organization)
    assert operation == Operation(batch, origin_code(HERE), Sequence(start), Sequence(sequence))
    assert operation.made_at_seconds == now // 1_000


@given(nonces, places)
def test_to_another_organization_it_names_no_origin_that_there_is(
    nonce: int, place: tuple[int, tuple[int, int]]
) -> None:
    """Of 16 million codes a topology has at most ten."""
    start, (sequence, _) = place
    text = made(ORGANIZATION, batch_name(now_milliseconds=NOW, nonce=nonce), start, sequence)
    operation = operation_in(text, ANOTHER)
    assert operation is not None
    assert operation.origin_code != origin_code(HERE)


def test_ids_of_one_batch_differ_and_so_do_those_of_two_batches_for_one_place() -> None:
    one, other = (batch_name(now_milliseconds=NOW, nonce=nonce) for nonce in (1, 2))
    ids = {made(ORGANIZATION, batch, 5, sequence) for batch in (one, other) for sequence in (5, 6, 7)}
    assert len(ids) == 6


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
def test_an_id_of_another_kind_says_nothing(text: str) -> None:
    assert operation_in(text, ORGANIZATION) is None
