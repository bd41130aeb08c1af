"""Organizations with as many webhooks and triggers as a measurement needs, as events. Pure but for the ids."""

import secrets
import uuid
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

import msgspec

from core.api_keys import SECRET_BYTES, api_key_text, credentials_in
from core.catalogue import NAMES
from core.events import ADMINISTRATOR, AnyEvent, ApiKeyIssued, TriggerCreated, WebhookCreated

WEBHOOKS_MAX = 1_000
"""Of one organization, by default."""

_TRIGGERS = [(kind.value, name) for kind, names in NAMES.items() for name in names]


class Owned(NamedTuple):
    """An event, the organization that it belongs to, and its author."""

    organization_id: str
    event: AnyEvent
    author: str


class Organization(msgspec.Struct, frozen=True):
    """An organization and its API key."""

    organization_id: str
    api_key: str

    def issued(self) -> Owned:
        """The event that makes the API key valid."""
        credentials = credentials_in(self.api_key)
        issued = ApiKeyIssued(key_id=credentials.key_id, digest=credentials.digest)
        return Owned(self.organization_id, issued, ADMINISTRATOR)

    def owns(self, event: AnyEvent) -> Owned:
        """The event as this organization's, requested with its API key."""
        return Owned(self.organization_id, event, credentials_in(self.api_key).key_id)


def new_organization() -> Organization:
    """An organization with a new id and a new API key."""
    api_key = api_key_text(str(uuid.uuid4()), secrets.token_bytes(SECRET_BYTES))
    return Organization(str(uuid.uuid4()), api_key)


def webhooks() -> Iterator[WebhookCreated]:
    """Webhooks without an end, each with a `target_url` of its own."""
    for number in count():
        target_url = f"https://hooks.example.com/stored/{number}"
        yield WebhookCreated(webhook_id=str(uuid.uuid4()), name="stored", target_url=target_url)


def triggers() -> Iterator[Sequence[Owned]]:
    """Triggers without an end: for each one its event, after the event of its webhook if that is new.

    Every webhook has all triggers that there are, and every organization all webhooks that it may have.
    """
    while True:
        organization = new_organization()
        for webhook in islice(webhooks(), WEBHOOKS_MAX):
            before = [organization.owns(webhook)]
            for trigger_type, trigger_name in _TRIGGERS:
                event = TriggerCreated(webhook.webhook_id, trigger_type, trigger_name)
                yield [*before, organization.owns(event)]
                before = []
