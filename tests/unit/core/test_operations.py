"""An operation's id names the place of its event to its own organization and to no other."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operations import NONCE_BITS, NUMBERS, Operation, batch_name, log_code, operation_id, operation_in
from core.positions import Epoch, Region, Sequence

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ANOTHER = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba2"
HERE = log_code(Region("us-iowa"), Epoch("k3v9x2"))
NOW = 1_795_000_000_000

nonces = st.integers(0, 2**NONCE_BITS - 1)
places = st.tuples(st.integers(0, NUMBERS - 1), st.integers(1, 2**40 - 1) | st.integers(1, 3))


def made(organization: str, batch: int, number: int, sequence: int) -> str:
    return operation_id(organization, batch=batch, log=HERE, number=number, sequence=Sequence(sequence))


@given(st.uuids().map(str), st.integers(0, 2**26 * 60_000 - 1), nonces, places)
def test_an_id_is_a_uuid_of_version_8_that_reads_back(
    organization: str, now: int, nonce: int, place: tuple[int, int]
) -> None:
    number, sequence = place
    batch = batch_name(now_milliseconds=now, nonce=nonce)
    text = made(organization, batch, number, sequence)
    assert (UUID(text).version, UUID(text).variant, str(UUID(text))) == (8, "specified in RFC 4122", text)
    operation = operation_in(text, organization)
    assert operation == Operation(batch, HERE, number, Sequence(sequence))
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
    places = [(0, 5), (1, 5), (2, 5), (1, 6), (2, 7)]
    assert len({made(ORGANIZATION, batch, *place) for batch in (one, other) for place in places}) == 10


def test_every_number_has_an_id_in_the_first_message_of_a_log_and_no_id_names_a_place_before_it() -> None:
    batch = batch_name(now_milliseconds=NOW, nonce=1)
    for number in range(NUMBERS):
        operation = operation_in(made(ORGANIZATION, batch, number, 1), ORGANIZATION)
        assert operation == Operation(batch, HERE, number, Sequence(1))
        assert operation_in(made(ORGANIZATION, batch, number, 0), ORGANIZATION) is None


def test_an_id_of_a_version_before_frames_reads_as_it_did() -> None:
    """It was made for the eighth event of a batch of messages that began at 5."""
    text = operation_id(
        ORGANIZATION, batch=batch_name(now_milliseconds=NOW, nonce=1), log=HERE, number=7, sequence=Sequence(12)
    )
    assert text == "721f7e80-0000-8dd5-9715-08c440d8b33a"


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
