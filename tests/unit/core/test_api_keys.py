"""API keys: which requests they let in, and what is kept of them."""

import pytest

from core import api_keys
from core.api_keys import (
    SECRET_BYTES,
    ApiKey,
    ApiKeyExpired,
    Credentials,
    Forbidden,
    ScopeMissing,
    Unauthenticated,
    api_key_key,
    api_key_text,
    api_keys_in,
    api_keys_key,
    credentials_in,
    digest_of,
)
from core.codec import Undecodable, decode, encode
from core.commands import (
    ApiKeyNotFound,
    ApiKeyUseRecorded,
    DeletedBefore,
    IssueApiKey,
    RecordApiKeyUse,
    RevokeApiKey,
    TooManyApiKeys,
)
from core.decider import decide, query_for
from core.events import AnyApiKeyEvent, ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed, Envelope, RestrictedApiKeyIssued
from core.key_scopes import KeyScope, restriction
from core.positions import Epoch, Position, Region, Sequence
from core.projection import writes_of
from core.registers import merge
from core.stamps import Clock, place_in, render

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ANOTHER = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba2"
KEY_ID, OTHER_ID = "01a20c31-5483-73d5-8521-3cb5e9bcc1c7", "01a20c31-5483-73d5-8521-3cb5e9bcc1c8"
SECRET = bytes(range(SECRET_BYTES))
ISSUE = IssueApiKey(ORGANIZATION, KEY_ID, digest_of(SECRET), "laptop")

SHOWN = api_keys.credentials_in(api_key_text(KEY_ID, SECRET))
NOW = 1_790_000_000_000

Registers = dict[str, dict[str, str]]


def after(*events: AnyApiKeyEvent, organization: str = ORGANIZATION) -> Registers:
    registers: Registers = {}
    for sequence, event in enumerate(events, start=1):
        envelope = Envelope("o", organization, render(Clock(sequence << 24)), event)
        merge(registers, writes_of(envelope, Position(Region("us-iowa"), Epoch("e"), Sequence(sequence))))
    return registers


def issued(key_id: str = KEY_ID, secret: bytes = SECRET) -> ApiKeyIssued:
    return ApiKeyIssued(key_id, digest_of(secret), "laptop")


def authenticate(
    shown: Credentials,
    organization: str,
    registers: Registers,
    scope: KeyScope = KeyScope.READ,
    now_milliseconds: int = NOW,
) -> None:
    api_keys.authenticate(shown, organization, registers, scope=scope, now_milliseconds=now_milliseconds)


def test_a_key_lets_its_organization_in_and_no_other() -> None:
    shown = credentials_in(api_key_text(KEY_ID, SECRET))
    authenticate(shown, ORGANIZATION, after(issued()))
    with pytest.raises(Forbidden):
        authenticate(shown, ANOTHER, after(issued()))


def test_a_wrong_secret_an_unknown_id_and_a_revoked_key_are_refused_for_any_organization() -> None:
    wrong = credentials_in(api_key_text(KEY_ID, bytes(SECRET_BYTES)))
    unknown = credentials_in(api_key_text(OTHER_ID, SECRET))
    revoked = credentials_in(api_key_text(KEY_ID, SECRET))
    for organization in (ORGANIZATION, ANOTHER):
        for shown, registers in (
            (wrong, after(issued())),
            (unknown, after(issued())),
            (revoked, after(issued(), ApiKeyRevoked(KEY_ID))),
        ):
            with pytest.raises(Unauthenticated):
                authenticate(shown, organization, registers)


def test_the_digest_that_stands_for_no_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        authenticate(credentials_in(api_key_text(OTHER_ID, b"nobody".ljust(32))), ORGANIZATION, {})


@pytest.mark.parametrize(
    "text", ["", "crosshook_", api_key_text(KEY_ID, SECRET)[:-1], "x" + api_key_text(KEY_ID, SECRET)]
)
def test_a_text_that_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        credentials_in(text)


def test_neither_the_log_nor_the_registers_have_the_secret() -> None:
    event = decide(ISSUE, {})
    assert isinstance(event, ApiKeyIssued)
    text = api_key_text(KEY_ID, SECRET).rpartition("_")[2]
    kept = encode(Envelope("o", ORGANIZATION, "0" * 18, event)).decode() + str(after(event))
    assert text not in kept
    assert SECRET.hex() not in kept


def test_keys_are_listed_in_the_order_of_their_issue_and_a_revoked_one_not_at_all() -> None:
    registers = after(issued(OTHER_ID), issued(), ApiKeyRevoked(OTHER_ID))
    (listed,) = api_keys_in(ORGANIZATION, registers)
    assert listed == ApiKey(KEY_ID, "laptop", created_at_milliseconds=2)
    assert set(registers[api_key_key(OTHER_ID)]) == {"!"}
    both = api_keys_in(ORGANIZATION, after(issued(OTHER_ID), issued()))
    assert [key.key_id for key in both] == [OTHER_ID, KEY_ID]


def test_a_revocation_holds_in_any_order_of_arrival() -> None:
    revoke = Envelope("o", ORGANIZATION, render(Clock(1 << 24)), ApiKeyRevoked(KEY_ID))
    issue = Envelope("o", ORGANIZATION, render(Clock(2 << 24)), issued())
    registers: Registers = {}
    for sequence, envelope in ((7, revoke), (8, issue)):
        merge(registers, writes_of(envelope, Position(Region("us-iowa"), Epoch("e"), Sequence(sequence))))
    with pytest.raises(Unauthenticated):
        authenticate(credentials_in(api_key_text(KEY_ID, SECRET)), ORGANIZATION, registers)
    assert api_keys_in(ORGANIZATION, registers) == []


def test_an_organization_cannot_exceed_its_maximum_of_keys() -> None:
    assert query_for(ISSUE).keys == (api_keys_key(ORGANIZATION),)
    one = {api_keys_key(ORGANIZATION): {OTHER_ID: "stamp"}}
    assert decide(IssueApiKey(ORGANIZATION, KEY_ID, "d", api_keys_max=2), one) == ApiKeyIssued(KEY_ID, "d")
    with pytest.raises(TooManyApiKeys):
        decide(IssueApiKey(ORGANIZATION, KEY_ID, "d", api_keys_max=1), one)


def test_only_the_organizations_own_key_can_be_revoked() -> None:
    assert decide(RevokeApiKey(ORGANIZATION, KEY_ID), after(issued())) == ApiKeyRevoked(KEY_ID)
    for organization, registers in (
        (ANOTHER, after(issued())),
        (ORGANIZATION, {}),
    ):
        with pytest.raises(ApiKeyNotFound):
            decide(RevokeApiKey(organization, KEY_ID), registers)


def test_a_repeated_revocation_names_the_event_with_the_keys_organization() -> None:
    registers = after(issued(), ApiKeyRevoked(KEY_ID))
    for organization in (ORGANIZATION, ANOTHER):
        with pytest.raises(DeletedBefore) as before:
            decide(RevokeApiKey(organization, KEY_ID), registers)
        assert place_in(before.value.stamp, [Region("us-iowa")]) == ("us-iowa", 2)
        assert isinstance(before.value.missing, ApiKeyNotFound)


def restricted(*scopes: str, expires_at: int | None = None) -> IssueApiKey:
    return IssueApiKey(
        ORGANIZATION,
        KEY_ID,
        digest_of(SECRET),
        "laptop",
        scopes=restriction(scopes),
        expires_at_milliseconds=expires_at,
    )


def test_a_key_admits_only_what_its_scopes_name() -> None:
    event = decide(restricted("write", "read"), {})
    assert isinstance(event, RestrictedApiKeyIssued)
    registers = after(event)
    for scope in (KeyScope.READ, KeyScope.WRITE):
        authenticate(SHOWN, ORGANIZATION, registers, scope)
    with pytest.raises(ScopeMissing) as missing:
        authenticate(SHOWN, ORGANIZATION, registers, KeyScope.EVENTS)
    assert (missing.value.key_id, missing.value.scope) == (KEY_ID, KeyScope.EVENTS)
    with pytest.raises(Forbidden) as forbidden:
        authenticate(SHOWN, ANOTHER, registers, KeyScope.EVENTS)
    assert not isinstance(forbidden.value, ScopeMissing), "another organization learns nothing of the key"
    (listed,) = api_keys_in(ORGANIZATION, registers)
    assert listed.scopes == ("read", "write")


def test_a_key_without_restriction_has_every_scope() -> None:
    for scope in KeyScope:
        authenticate(SHOWN, ORGANIZATION, after(issued()), scope)
    (listed,) = api_keys_in(ORGANIZATION, after(issued()))
    assert (listed.scopes, listed.expires_at_milliseconds) == (("read", "write", "events"), None)


def test_a_key_is_refused_from_the_moment_at_which_it_expires_as_an_unknown_one_is() -> None:
    event = decide(restricted(*KeyScope, expires_at=NOW), {})
    assert isinstance(event, RestrictedApiKeyIssued)
    registers = after(event)
    authenticate(SHOWN, ORGANIZATION, registers, KeyScope.WRITE, now_milliseconds=NOW - 1)
    for organization in (ORGANIZATION, ANOTHER):
        with pytest.raises(ApiKeyExpired) as expired:
            authenticate(SHOWN, organization, registers, now_milliseconds=NOW)
        assert isinstance(expired.value, Unauthenticated)
    wrong = credentials_in(api_key_text(KEY_ID, bytes(SECRET_BYTES)))
    with pytest.raises(Unauthenticated) as unknown:
        authenticate(wrong, ORGANIZATION, registers, now_milliseconds=NOW)
    assert not isinstance(unknown.value, ApiKeyExpired), (
        "a client without the secret does not learn that the key existed"
    )
    (listed,) = api_keys_in(ORGANIZATION, registers)
    assert (listed.scopes, listed.expires_at_milliseconds) == (("read", "write", "events"), NOW)


def test_an_expired_key_can_be_revoked() -> None:
    event = decide(restricted("read", expires_at=1), {})
    assert isinstance(event, RestrictedApiKeyIssued)
    registers = after(event, ApiKeyRevoked(KEY_ID))
    assert set(registers[api_key_key(KEY_ID)]) == {"!"}
    assert api_keys_in(ORGANIZATION, registers) == []


UNRESTRICTED_IN_A_LOG = (
    b'{"operation_id":"o","organization_id":"af5fbd30-7ce7-4548-8b30-4cd59cb2aba1","clock":"000000000000000000","event":'
    b'{"type":"api_key_issued.v1","key_id":"01a20c31-5483-73d5-8521-3cb5e9bcc1c7","digest":"d","name":"laptop"}}'
)


@pytest.mark.parametrize("scopes", [tuple(KeyScope), ("events", "write", "read", "read")])
def test_a_key_without_restriction_is_stored_as_every_version_reads_it(scopes: tuple[str, ...]) -> None:
    command = IssueApiKey(ORGANIZATION, KEY_ID, "d", "laptop", scopes=restriction(scopes))
    assert encode(Envelope("o", ORGANIZATION, "0" * 18, decide(command, {}))) == UNRESTRICTED_IN_A_LOG


@pytest.mark.parametrize("command", [restricted("read"), restricted(*KeyScope, expires_at=NOW)])
def test_a_version_that_does_not_know_restrictions_does_not_take_the_event_for_one_without(
    command: IssueApiKey,
) -> None:
    stored = encode(Envelope("o", ORGANIZATION, "0" * 18, decide(command, {})))
    assert decode(stored).event == decide(command, {})
    assert b'"type":"api_key_issued.v2"' in stored
    with pytest.raises(Undecodable):
        decode(stored.replace(b"api_key_issued.v2", b"api_key_issued.v3"))


def test_a_scope_of_a_later_version_restricts_the_key_too() -> None:
    event = RestrictedApiKeyIssued(KEY_ID, digest_of(SECRET), scopes=("read", "audit"))
    authenticate(SHOWN, ORGANIZATION, after(event))
    with pytest.raises(ScopeMissing):
        authenticate(SHOWN, ORGANIZATION, after(event), KeyScope.WRITE)


def test_the_last_day_of_use_is_recorded_once_and_only_for_the_organizations_own_key() -> None:
    use = RecordApiKeyUse(ORGANIZATION, KEY_ID, "2026-11-30")
    event = decide(use, after(issued()))
    assert event == ApiKeyUsed(KEY_ID, "2026-11-30")
    registers = after(issued(), ApiKeyUsed(KEY_ID, "2026-11-30"))
    (listed,) = api_keys_in(ORGANIZATION, registers)
    assert (listed.last_used_day, api_keys_in(ORGANIZATION, after(issued()))[0].last_used_day) == ("2026-11-30", "")
    for day in ("2026-11-29", "2026-11-30"):
        with pytest.raises(ApiKeyUseRecorded):
            decide(RecordApiKeyUse(ORGANIZATION, KEY_ID, day), registers)
    later = RecordApiKeyUse(ORGANIZATION, KEY_ID, "2026-12-01")
    assert decide(later, registers) == ApiKeyUsed(KEY_ID, "2026-12-01")
    for known in ({}, after(issued(), organization=ANOTHER)):
        with pytest.raises(ApiKeyNotFound):
            decide(use, known)
    with pytest.raises(DeletedBefore):
        decide(use, after(issued(), ApiKeyRevoked(KEY_ID)))


def test_a_use_that_arrives_before_the_issue_admits_no_request_and_after_a_revocation_leaves_nothing() -> None:
    used = ApiKeyUsed(KEY_ID, "2026-11-30")
    with pytest.raises(Unauthenticated):
        authenticate(SHOWN, ORGANIZATION, after(used))
    authenticate(SHOWN, ORGANIZATION, after(used, issued()))
    assert set(after(issued(), ApiKeyRevoked(KEY_ID), used)[api_key_key(KEY_ID)]) == {"!"}
