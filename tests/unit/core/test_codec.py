import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codec import Undecodable, clock_text_in, decode, encode, fingerprint
from core.events import Envelope, IdempotencyKey, TriggerCreated
from tests.events import events, few

texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = dict.fromkeys(few(webhook_ids=["w"], key_ids=["k"]), texts) | {
    "custom_headers": st.dictionaries(texts, st.lists(texts, max_size=3), max_size=3),
    "scopes": st.lists(texts, max_size=3).map(tuple),
    "expires_at_milliseconds": st.integers(min_value=0, max_value=2**48),
    "timeout_nanoseconds": st.integers(min_value=0, max_value=20_000_000_000),
}
envelopes = st.builds(
    Envelope,
    operation_id=texts,
    organization_id=texts,
    clock=st.text("0123456789abcdef", min_size=18, max_size=18),
    event=events(values),
    author=texts,
)

IN_THE_LOG = {
    "operation_id": "0190",
    "organization_id": "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1",
    "clock": "0001a2b3c4d5000000",
    "event": {
        "type": "trigger_created.v1",
        "webhook_id": "0191",
        "trigger_type": "event",
        "trigger_name": "PersonCreated_v1",
    },
}


def in_the_log(**changed: object) -> bytes:
    return json.dumps(IN_THE_LOG | changed).encode()


@given(envelopes)
def test_an_envelope_survives_the_log(envelope: Envelope) -> None:
    assert decode(encode(envelope)) == envelope


def test_the_log_keeps_an_idempotency_key_under_the_name_that_it_had_first() -> None:
    data = in_the_log(retry={"key": "k", "payload": "p"})
    envelope = decode(data)
    assert envelope.idempotency_key == IdempotencyKey(key="k", payload="p")
    assert json.loads(encode(envelope))["retry"] == {"key": "k", "payload": "p"}


@given(envelopes)
def test_an_envelopes_clock_is_read_without_the_rest(envelope: Envelope) -> None:
    assert clock_text_in(encode(envelope)) == envelope.clock


def test_a_newer_versions_event_has_a_clock_and_other_bytes_have_none() -> None:
    assert clock_text_in(in_the_log(event={"type": "webhook_created.v9"})) == IN_THE_LOG["clock"]
    for data in (b"", b"\xff", b"[]", b"{}", b"[" * 100_000, in_the_log(clock="no"), in_the_log(clock=1)):
        assert clock_text_in(data) == ""


def test_the_log_reads_as_json_with_the_events_version_in_its_tag() -> None:
    document = json.loads(encode(decode(in_the_log())))
    assert document["event"]["type"] == "trigger_created.v1"
    assert document["organization_id"] == IN_THE_LOG["organization_id"]


def test_members_that_an_older_author_did_not_know_have_their_defaults() -> None:
    envelope = decode(in_the_log())
    assert envelope.author == ""
    assert isinstance(envelope.event, TriggerCreated)
    assert envelope.event.first_created == ""


def test_members_of_a_newer_author_are_skipped() -> None:
    event = {**IN_THE_LOG["event"], "colour": ["blue"]}  # type: ignore[dict-item]
    assert decode(in_the_log(event=event, weight={"kilograms": 3})) == decode(in_the_log())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"operation_id": "\xff"}',
        in_the_log()[:-1],
        in_the_log() + b"}",
        in_the_log(event={}),
        in_the_log(event={**IN_THE_LOG["event"], "type": "trigger_created.v2"}),  # type: ignore[dict-item]
        in_the_log(event={"type": "trigger_created.v1"}),
        in_the_log(operation_id=7),
        in_the_log(clock="0001a2b3c4d500000"),
        in_the_log(clock="0001a2b3c4d50000000"),
        in_the_log(clock="0001A2B3C4D5000000"),
        in_the_log(clock="0001a2b3c4d5000000\n"),
        b'{"deep": ' + b"[" * 100_000,
    ],
    ids=lambda data: data[:40],
)
def test_bytes_that_are_not_a_known_envelope_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(Undecodable, match=r"\w"):
        decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_are_refused(data: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(data)


def test_a_reader_recognizes_an_event_by_its_subject_and_bytes() -> None:
    one = fingerprint("events.us-iowa.k3v9x2.trigger_created.v1", b"{}")
    assert one == fingerprint("events.us-iowa.k3v9x2.trigger_created.v1", b"{}")
    assert one != fingerprint("events.us-iowa.p8q1z7.trigger_created.v1", b"{}")
    assert one != fingerprint("events.us-iowa.k3v9x2.trigger_created.v1", b"{ }")
    assert len(one) == 16


@given(st.binary(max_size=50), st.text(st.characters(codec="utf-8"), max_size=300))
def test_every_event_has_a_fingerprint_whatever_its_subject_and_bytes(data: bytes, subject: str) -> None:
    assert len(fingerprint(subject, data)) == 16
