"""An organization's API keys: their text, their stored form, and the organization that each one admits.

The text is `crosshook_<id>_<secret>`. A key is looked up by its id, never by its secret. Of the secret's 256 random
bits only the SHA-256 is stored: no attacker can guess the secret from it.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import msgspec

from core.commands import (
    ApiKeyCommand,
    ApiKeyNotFound,
    ApiKeyUseRecorded,
    DeletedBefore,
    IssueApiKey,
    RecordApiKeyUse,
    TooManyApiKeys,
)
from core.events import AnyApiKeyEvent, ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed, RestrictedApiKeyIssued
from core.key_scopes import KeyScope
from core.registers import TOMBSTONE, Fields, Query, Registers, Write, stamp_of, value_of
from core.stamps import Stamp, milliseconds, parse

SECRET_BYTES = 32
NAME_CHARACTERS_MAX = 200
_TEXT = re.compile(r"crosshook_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NOBODY = sha256(b"nobody").hexdigest()


class Credentials(msgspec.Struct, frozen=True):
    """A request's proof that it has a key: the key's id, and the digest of its secret."""

    key_id: str
    digest: str


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is listed: everything but its secret, which is not stored.

    `last_used_day` is such as `2026-11-30`, and `""` if no use is known.
    """

    key_id: str
    name: str
    created_at_milliseconds: int
    scopes: tuple[str, ...] = tuple(KeyScope)
    expires_at_milliseconds: int | None = None
    last_used_day: str = ""


class Unauthenticated(Exception):
    """This region does not know the key: it is missing, was never issued, has a wrong secret or is revoked."""


class ApiKeyExpired(Unauthenticated):
    """The key was valid until its time came. Its holder learns no more than of any other key that is refused."""


class Forbidden(Exception):
    """The key is valid, but for another organization."""


class ScopeMissing(Forbidden):
    """The key is valid, but lacks the scope that the request needs."""

    def __init__(self, key_id: str, scope: KeyScope) -> None:
        super().__init__(key_id)
        self.key_id = key_id
        self.scope = scope


def api_key_text(key_id: str, secret: bytes) -> str:
    """The text of a key, as its holder sends it."""
    return f"crosshook_{key_id.replace('-', '')}_{urlsafe_b64encode(secret).decode().rstrip('=')}"


def digest_of(secret: bytes) -> str:
    """The digest of a secret. It is stored instead of the secret."""
    return sha256(secret).hexdigest()


def credentials_in(text: str) -> Credentials:
    """The id and digest in `text`. Raises `Unauthenticated` if it is not a key."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise Unauthenticated
    *groups, secret = found.groups()
    return Credentials(key_id="-".join(groups), digest=digest_of(urlsafe_b64decode(secret + "=")))


def api_key_key(key_id: str) -> str:
    """The key of an API key's registers."""
    return f"key:{key_id}"


def api_keys_key(organization_id: str) -> str:
    """The key whose fields are the ids of an organization's API keys."""
    return f"keys:{organization_id}"


def query_api_keys(organization_id: str, *, offset: int, limit: int) -> Query:
    """The query for a page of an organization's API keys."""
    listing = api_keys_key(organization_id)
    return Query((listing,), follow=api_key_key(""), page=(offset, limit), counted=listing)


def api_keys_in(organization_id: str, registers: Registers) -> list[ApiKey]:
    """A page of an organization's API keys in the order of their issue, from the result of `query_api_keys`."""
    by_issue = sorted(registers.get(api_keys_key(organization_id), {}).items(), key=lambda item: item[1])
    return [api_key_in(key_id, registers[api_key_key(key_id)]) for key_id, _ in by_issue]


def api_key_in(key_id: str, fields: Fields) -> ApiKey:
    """The API key that its registers describe."""
    return ApiKey(
        key_id=key_id,
        name=value_of(fields["name"]),
        created_at_milliseconds=milliseconds(parse(fields["organization"])),
        scopes=_scopes_in(fields),
        expires_at_milliseconds=_expiry_in(fields),
        last_used_day=last_used_day(fields),
    )


def last_used_day(fields: Fields) -> str:
    """The last day on which the key is known to have been used. Days have the order of their texts."""
    return value_of(fields["used"]) if "used" in fields else ""


def _scopes_in(fields: Fields) -> tuple[str, ...]:
    return tuple(value_of(fields["scopes"]).split()) if "scopes" in fields else tuple(KeyScope)


def _expiry_in(fields: Fields) -> int | None:
    return int(value_of(fields["expires"])) if "expires" in fields else None


def query_api_key(command: ApiKeyCommand) -> Query:
    """The query whose result `decide_api_key` needs."""
    is_issue = isinstance(command, IssueApiKey)
    return Query((api_keys_key(command.organization_id) if is_issue else api_key_key(command.key_id),))


def decide_api_key(command: ApiKeyCommand, registers: Registers) -> AnyApiKeyEvent:
    """The event that `command` makes. Raises `TooManyApiKeys`, `ApiKeyNotFound`, `DeletedBefore`, `ApiKeyUseRecorded`.

    The registers of a revoked key do not name its organization.
    """
    if isinstance(command, IssueApiKey):
        if len(registers.get(api_keys_key(command.organization_id), ())) >= command.api_keys_max:
            raise TooManyApiKeys(command.api_keys_max)
        return _issued(command)
    fields = registers.get(api_key_key(command.key_id), {})
    if TOMBSTONE in fields:
        raise DeletedBefore(stamp_of(fields[TOMBSTONE]), ApiKeyNotFound(command.key_id))
    if "organization" not in fields or value_of(fields["organization"]) != command.organization_id:
        raise ApiKeyNotFound(command.key_id)
    if isinstance(command, RecordApiKeyUse):
        if last_used_day(fields) >= command.day:
            raise ApiKeyUseRecorded
        return ApiKeyUsed(key_id=command.key_id, day=command.day)
    return ApiKeyRevoked(key_id=command.key_id)


def _issued(command: IssueApiKey) -> ApiKeyIssued:
    """The event that every version reads, unless the key is restricted."""
    if not command.is_restricted:
        return ApiKeyIssued(key_id=command.key_id, digest=command.digest, name=command.name)
    return RestrictedApiKeyIssued(
        key_id=command.key_id,
        digest=command.digest,
        name=command.name,
        scopes=command.scopes,
        expires_at_milliseconds=command.expires_at_milliseconds,
    )


def api_key_writes(event: AnyApiKeyEvent, organization_id: str, event_stamp: Stamp) -> list[Write]:
    """The register writes of an event. A revoked key leaves only its tombstone."""
    key, list_key = api_key_key(event.key_id), api_keys_key(organization_id)
    if isinstance(event, ApiKeyUsed):
        return [Write(key, "used", event_stamp + event.day)]
    if isinstance(event, ApiKeyRevoked):
        return [Write(key, TOMBSTONE, event_stamp, pointer=(list_key, event.key_id))]
    values = {"organization": organization_id, "digest": event.digest, "name": event.name, **_restrictions(event)}
    listed = Write(list_key, event.key_id, event_stamp, points_to=key)
    return [*(Write(key, field, event_stamp + value) for field, value in values.items()), listed]


def _restrictions(event: ApiKeyIssued) -> dict[str, str]:
    if not isinstance(event, RestrictedApiKeyIssued):
        return {}
    scopes = {"scopes": " ".join(event.scopes)} if event.scopes else {}
    expires_at = event.expires_at_milliseconds
    return scopes if expires_at is None else {**scopes, "expires": str(expires_at)}


def authenticate(
    credentials: Credentials, organization_id: str, registers: Registers, *, scope: KeyScope, now_milliseconds: int
) -> None:
    """Return if `credentials` are of a key of `organization_id` that has `scope` and is not expired.

    Raises `Unauthenticated`, `ApiKeyExpired`, `Forbidden`, `ScopeMissing`. `registers` are the key's. A digest is
    compared even if there is no such key, so that both cases take equally long.
    """
    fields = registers.get(api_key_key(credentials.key_id), {})
    kept = value_of(fields["digest"]) if "digest" in fields else _NOBODY
    if not hmac.compare_digest(kept, credentials.digest) or "digest" not in fields:
        raise Unauthenticated
    expires_at = _expiry_in(fields)
    if expires_at is not None and now_milliseconds >= expires_at:
        raise ApiKeyExpired
    if value_of(fields["organization"]) != organization_id:
        raise Forbidden
    if "scopes" in fields and scope not in _scopes_in(fields):
        raise ScopeMissing(credentials.key_id, scope)
