"""The facts, in the past tense, and the envelope around them.

A tag carries its version: a new field gets a default, a changed meaning gets a new version.
"""

from typing import Annotated

import msgspec

from core.stamps import CLOCK_WIDTH

ADMINISTRATOR = "admin"
"""The author of events that were requested with the admin key that has no id of its own."""

ClockText = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{CLOCK_WIDTH}}}\\Z")]
"""A reading of the hybrid logical clock, as `stamps.render` writes it."""


def author_of_administrator(admin_id: str) -> str:
    """The author of events that were requested with the admin key that has this id: `admin`, or `admin:ID`."""
    return ADMINISTRATOR if admin_id == ADMINISTRATOR else f"{ADMINISTRATOR}:{admin_id}"


def is_administrator(author: str) -> bool:
    """Whether an author is an administrator, and no API key."""
    return author.partition(":")[0] == ADMINISTRATOR


class Event(msgspec.Struct, frozen=True, tag_field="type"):
    """Something that happened to an organization's webhooks or API keys."""


class WebhookCreated(Event, frozen=True, tag="webhook_created.v1"):
    """A webhook was registered. Its `webhook_id` is never used again."""

    webhook_id: str
    name: str
    target_url: str
    description: str = ""
    custom_headers: dict[str, list[str]] = msgspec.field(default_factory=dict)
    timeout_nanoseconds: int = 0


class TriggerCreated(Event, frozen=True, tag="trigger_created.v1"):
    """A trigger was added to a webhook.

    `first_created` is the stamp that orders the trigger in lists, if its author saw that the trigger was
    already there; `""` if this event is the first.
    """

    webhook_id: str
    trigger_type: str
    trigger_name: str
    first_created: str = ""


class WebhookUpdated(Event, frozen=True, tag="webhook_updated.v1"):
    """Some of a webhook's fields were changed. The event does not change a field that is None."""

    webhook_id: str
    name: str | None = None
    target_url: str | None = None
    description: str | None = None
    custom_headers: dict[str, list[str]] | None = None
    timeout_nanoseconds: int | None = None


class WebhookDeleted(Event, frozen=True, tag="webhook_deleted.v1"):
    """A webhook was deleted permanently, and its triggers with it."""

    webhook_id: str


class TriggerDeleted(Event, frozen=True, tag="trigger_deleted.v1"):
    """A trigger was removed from a webhook."""

    webhook_id: str
    trigger_type: str
    trigger_name: str


class ApiKeyIssued(Event, frozen=True, tag="api_key_issued.v1"):
    """A key was issued: the secret with this digest acts for the organization. Its `key_id` is never used again."""

    key_id: str
    digest: str
    name: str = ""


class RestrictedApiKeyIssued(ApiKeyIssued, frozen=True, tag="api_key_issued.v2"):
    """A key was issued that has only these `scopes`, or that expires.

    No scopes mean all (`core.key_scopes`). A version that does not know them must not accept the key: so it does not
    know the event either, and halts.
    """

    scopes: tuple[str, ...] = ()
    expires_at_milliseconds: int | None = None


class ApiKeyRevoked(Event, frozen=True, tag="api_key_revoked.v1"):
    """An API key was revoked permanently."""

    key_id: str


class ApiKeyUsed(Event, frozen=True, tag="api_key_used.v1"):
    """A request with an API key was accepted on `day`, such as `2026-11-30`. Its author is the key itself."""

    key_id: str
    day: str


AnyApiKeyEvent = ApiKeyIssued | RestrictedApiKeyIssued | ApiKeyRevoked | ApiKeyUsed

AnyEvent = (
    WebhookCreated
    | WebhookUpdated
    | WebhookDeleted
    | TriggerCreated
    | TriggerDeleted
    | ApiKeyIssued
    | RestrictedApiKeyIssued
    | ApiKeyRevoked
    | ApiKeyUsed
)


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A request's idempotency key, as two fingerprints: `key` of its scope and text, `payload` of its content."""

    key: str
    payload: str


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event with its circumstances, as the log keeps it. Its place in the log completes its stamp.

    `author` is the id of the API key that asked for it, or an administrator's (`author_of_administrator`). For a
    `WebhookUpdated` with an `idempotency_key`, `seen` has the registers that its author saw. The response to a repeated
    request is `seen` with the event applied to it. In the logs the idempotency key has its first name, `retry`.
    """

    operation_id: str
    organization_id: str
    clock: ClockText
    event: AnyEvent
    author: str = ""
    idempotency_key: IdempotencyKey | None = msgspec.field(default=None, name="retry")
    seen: dict[str, str] = msgspec.field(default_factory=dict)
