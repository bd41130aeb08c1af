"""Webhooks and triggers as registers: where they are kept, and how they are read back."""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from core.catalogue import Trigger
from core.events import TriggerCreated, TriggerDeleted
from core.registers import TOMBSTONE, Fields, Query, Registers, stamp_of, value_of
from core.stamps import milliseconds, parse
from core.targets import index_of, normal_form_in, text_in

TRIGGER = "trigger:"
CREATED = "+"
DELETED = "-"
OWN_FIELDS = ("created", "name", "target_url", "description", "custom_headers", "timeout_nanoseconds")


class Webhook(msgspec.Struct, frozen=True):
    """A webhook as it is read. `etag` is `etag_of` its registers."""

    webhook_id: str
    name: str
    target_url: str
    description: str
    custom_headers: dict[str, list[str]]
    timeout_nanoseconds: int
    created_at_milliseconds: int
    updated_at_milliseconds: int
    etag: str


def webhook_key(organization_id: str, webhook_id: str) -> str:
    """The key of a webhook's registers, its triggers' among them."""
    return f"webhook:{organization_id}:{webhook_id}"


def organization_key(organization_id: str) -> str:
    """The key whose fields are the ids of an organization's webhooks, in creation order of their registers."""
    return f"organization:{organization_id}"


def trigger_field(trigger: Trigger | TriggerCreated | TriggerDeleted) -> str:
    """The field of a webhook's key that says whether `trigger` calls it."""
    return f"{TRIGGER}{trigger.trigger_type}:{trigger.trigger_name}"


def query_webhook(organization_id: str, webhook_id: str) -> Query:
    """The query for one webhook and its triggers."""
    return Query((webhook_key(organization_id, webhook_id),))


def query_trigger(organization_id: str, webhook_id: str, trigger: Trigger) -> Query:
    """The query for one trigger, and for whether its webhook exists."""
    fields = ("created", TOMBSTONE, trigger_field(trigger))
    return Query((webhook_key(organization_id, webhook_id),), fields=fields)


def query_webhooks(organization_id: str, *, offset: int, limit: int) -> Query:
    """The query for a page of an organization's webhooks."""
    listing = organization_key(organization_id)
    return Query((listing,), follow=webhook_key(organization_id, ""), page=(offset, limit), counted=listing)


def query_webhook_ids(organization_id: str) -> Query:
    """The query for the ids of an organization's webhooks."""
    return Query((organization_key(organization_id),))


def query_some_webhooks(organization_id: str, webhook_ids: Iterable[str]) -> Query:
    """The query for the first of these webhooks, and for as many others as fit in one step."""
    return Query((), some=tuple(webhook_key(organization_id, webhook_id) for webhook_id in webhook_ids))


def query_webhooks_by_target(organization_id: str, target_url: str) -> Query:
    """The query for the webhooks that may have `target_url`, or one with the same normal form."""
    index = index_of(organization_id, target_url)
    return Query((), follow=webhook_key(organization_id, ""), named_in=index)


def webhook_ids_in(organization_id: str, registers: Registers) -> list[str]:
    """The ids of an organization's webhooks in creation order, from the result of `query_webhook_ids`."""
    listing = registers.get(organization_key(organization_id), {})
    return sorted(listing, key=listing.__getitem__)


def is_webhook(fields: Fields) -> bool:
    """Whether a key's registers describe a webhook: it was created, and is not deleted."""
    return "created" in fields and TOMBSTONE not in fields


def has_target(fields: Fields, normal: str) -> bool:
    """Whether a key's registers describe a webhook whose `target_url` has that normal form."""
    return is_webhook(fields) and normal_form_in(value_of(fields["target_url"])) == normal


def etag_of(fields: Fields) -> str:
    """A tag that changes whenever anything of a webhook but its triggers changes."""
    return blake2b("".join(stamp_of(fields[name]) for name in OWN_FIELDS).encode(), digest_size=12).hexdigest()


def webhook_in(webhook_id: str, fields: Fields) -> Webhook | None:
    """The webhook that its key's registers describe, or None if it was never created or is deleted."""
    if not is_webhook(fields):
        return None
    own = {name: fields[name] for name in OWN_FIELDS}
    return Webhook(
        webhook_id=webhook_id,
        name=value_of(own["name"]),
        target_url=text_in(value_of(own["target_url"])),
        description=value_of(own["description"]),
        custom_headers=msgspec.json.decode(value_of(own["custom_headers"]), type=dict[str, list[str]]),
        timeout_nanoseconds=int(value_of(own["timeout_nanoseconds"])),
        created_at_milliseconds=milliseconds(parse(own["created"])),
        updated_at_milliseconds=milliseconds(parse(max(map(stamp_of, own.values())))),
        etag=etag_of(own),
    )


def webhooks_in(organization_id: str, registers: Registers) -> list[Webhook]:
    """A page of an organization's webhooks in creation order, from the result of `query_webhooks`."""
    by_creation = webhook_ids_in(organization_id, registers)
    found = (webhook_in(name, registers.get(webhook_key(organization_id, name), {})) for name in by_creation)
    return [webhook for webhook in found if webhook is not None]


def triggers_in(fields: Fields) -> list[Trigger]:
    """A webhook's triggers in creation order."""
    placed = sorted(
        (place_of(register), field)
        for field, register in fields.items()
        if field.startswith(TRIGGER) and value_of(register) != DELETED
    )
    return [Trigger(*field.removeprefix(TRIGGER).split(":", 1)) for _, field in placed]


def has_trigger(fields: Fields, trigger: Trigger) -> bool:
    """Whether `trigger` calls the webhook with these registers."""
    register = fields.get(trigger_field(trigger))
    return register is not None and value_of(register) != DELETED


def place_of(register: str) -> str:
    """The stamp that orders a created trigger in lists."""
    return value_of(register).removeprefix(CREATED)
