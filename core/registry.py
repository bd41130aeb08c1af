"""Commands, the decision which event a command makes, and the registers that an event writes."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple, assert_never

import msgspec

from core.catalogue import Trigger
from core.events import AnyEvent, Envelope, TriggerCreated, WebhookCreated
from core.positions import Position
from core.stamps import STAMP_WIDTH, stamp

Fields = Mapping[str, str]
"""The registers of one key: field -> stamp followed by value."""

Registers = Mapping[str, Fields]
"""Key -> its registers. A key that was read and has none may be missing."""

_TRIGGER = "trigger:"
_CREATED = "+"


class CreateWebhook(msgspec.Struct, frozen=True):
    """Register a webhook under an id that was never used."""

    organization_id: str
    webhook_id: str
    name: str
    target_url: str
    description: str = ""
    custom_headers: dict[str, list[str]] = msgspec.field(default_factory=dict)
    timeout_nanoseconds: int = 0


class CreateTrigger(msgspec.Struct, frozen=True):
    """Let `trigger` call a webhook."""

    organization_id: str
    webhook_id: str
    trigger: Trigger


Command = CreateWebhook | CreateTrigger


class WebhookNotFound(Exception):
    """The organization has no webhook of that id in what this region has applied."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__(webhook_id)
        self.webhook_id = webhook_id


class TargetUrlTaken(Exception):
    """Another webhook of the organization has that `target_url`."""

    def __init__(self, target_url: str) -> None:
        super().__init__(target_url)
        self.target_url = target_url


class Query(NamedTuple):
    """What to read of a projection in one go: `keys`, and for each field of the first the key `follow` + field."""

    keys: tuple[str, ...]
    follow: str = ""


class Write(NamedTuple):
    """A register write. `register` begins with its stamp: of two writes the one that is higher as text stays."""

    key: str
    field: str
    register: str


class Webhook(msgspec.Struct, frozen=True):
    """A webhook as it is read."""

    webhook_id: str
    name: str
    target_url: str
    description: str
    custom_headers: dict[str, list[str]]
    timeout_nanoseconds: int


def webhook_key(organization_id: str, webhook_id: str) -> str:
    """The key of a webhook's registers, its triggers' among them."""
    return f"webhook:{organization_id}:{webhook_id}"


def organization_key(organization_id: str) -> str:
    """The key whose fields are the ids of an organization's webhooks."""
    return f"organization:{organization_id}"


def target_url_key(organization_id: str, target_url: str) -> str:
    """The key whose fields are the ids of the webhooks that were given this `target_url`."""
    return f"target_url:{organization_id}:{blake2b(target_url.encode(), digest_size=16).hexdigest()}"


def query_webhook(organization_id: str, webhook_id: str) -> Query:
    """What to read to know one webhook and its triggers."""
    return Query((webhook_key(organization_id, webhook_id),))


def query_webhooks(organization_id: str) -> Query:
    """What to read to know all of an organization's webhooks."""
    return Query((organization_key(organization_id),), follow=webhook_key(organization_id, ""))


def query_for(command: Command) -> Query:
    """What `decide` must be shown of the registers to decide `command`."""
    match command:
        case CreateWebhook():
            key = target_url_key(command.organization_id, command.target_url)
            return Query((key,), follow=webhook_key(command.organization_id, ""))
        case CreateTrigger():
            return query_webhook(command.organization_id, command.webhook_id)
        case _:
            assert_never(command)


def decide(command: Command, registers: Registers) -> AnyEvent:
    """The event that `command` makes of what `query_for` read. Raises `WebhookNotFound`, `TargetUrlTaken`."""
    match command:
        case CreateWebhook():
            _refuse_taken_url(command, registers)
            return WebhookCreated(
                webhook_id=command.webhook_id,
                name=command.name,
                target_url=command.target_url,
                description=command.description,
                custom_headers=command.custom_headers,
                timeout_nanoseconds=command.timeout_nanoseconds,
            )
        case CreateTrigger(trigger=trigger):
            fields = registers.get(webhook_key(command.organization_id, command.webhook_id), {})
            if webhook_in(command.webhook_id, fields) is None:
                raise WebhookNotFound(command.webhook_id)
            return TriggerCreated(
                webhook_id=command.webhook_id,
                trigger_type=trigger.trigger_type,
                trigger_name=trigger.trigger_name,
                first_created=_first_created(fields, trigger),
            )
        case _:
            assert_never(command)


def _refuse_taken_url(command: CreateWebhook, registers: Registers) -> None:
    candidates = registers.get(target_url_key(command.organization_id, command.target_url), {})
    for webhook_id in candidates:
        webhook = webhook_in(webhook_id, registers.get(webhook_key(command.organization_id, webhook_id), {}))
        if webhook is not None and webhook.target_url == command.target_url:
            raise TargetUrlTaken(command.target_url)


def _first_created(fields: Fields, trigger: Trigger) -> str:
    register = fields.get(_trigger_field(trigger))
    return _place(register) if register is not None else ""


def writes_of(envelope: Envelope, position: Position) -> list[Write]:
    """The register writes of an event at its place. Any order of any events' writes gives the same registers."""
    mark = stamp(envelope.clock, position.origin, position.sequence)
    organization_id, event = envelope.organization_id, envelope.event
    key = webhook_key(organization_id, event.webhook_id)
    match event:
        case WebhookCreated():
            values = {
                "name": event.name,
                "target_url": event.target_url,
                "description": event.description,
                "custom_headers": msgspec.json.encode(event.custom_headers, order="sorted").decode(),
                "timeout_nanoseconds": str(event.timeout_nanoseconds),
            }
            return [
                *(Write(key, field, mark + value) for field, value in values.items()),
                Write(organization_key(organization_id), event.webhook_id, mark),
                Write(target_url_key(organization_id, event.target_url), event.webhook_id, mark),
            ]
        case TriggerCreated():
            trigger = Trigger(trigger_type=event.trigger_type, trigger_name=event.trigger_name)
            return [Write(key, _trigger_field(trigger), mark + _CREATED + (event.first_created or mark))]
        case _:
            assert_never(event)


def merge(registers: dict[str, dict[str, str]], writes: Iterable[Write]) -> None:
    """Apply `writes` to `registers` in place: highest stamp wins."""
    for key, field, register in writes:
        fields = registers.setdefault(key, {})
        if register[:STAMP_WIDTH] > fields.get(field, "")[:STAMP_WIDTH]:
            fields[field] = register


def webhook_in(webhook_id: str, fields: Fields) -> Webhook | None:
    """The webhook that its key's registers describe, or None where it was never created."""
    if "target_url" not in fields:
        return None
    return Webhook(
        webhook_id=webhook_id,
        name=_value(fields["name"]),
        target_url=_value(fields["target_url"]),
        description=_value(fields["description"]),
        custom_headers=msgspec.json.decode(_value(fields["custom_headers"]), type=dict[str, list[str]]),
        timeout_nanoseconds=int(_value(fields["timeout_nanoseconds"])),
    )


def webhooks_in(organization_id: str, registers: Registers) -> list[Webhook]:
    """An organization's webhooks in creation order, from what `query_webhooks` read."""
    by_creation = sorted(registers.get(organization_key(organization_id), {}).items(), key=lambda item: item[1])
    found = (webhook_in(name, registers.get(webhook_key(organization_id, name), {})) for name, _ in by_creation)
    return [webhook for webhook in found if webhook is not None]


def triggers_in(fields: Fields) -> Sequence[Trigger]:
    """A webhook's triggers in creation order."""
    placed = sorted((_place(register), field) for field, register in fields.items() if field.startswith(_TRIGGER))
    return [Trigger(*field.removeprefix(_TRIGGER).split(":", 1)) for _, field in placed]


def _trigger_field(trigger: Trigger) -> str:
    return f"{_TRIGGER}{trigger.trigger_type}:{trigger.trigger_name}"


def _value(register: str) -> str:
    return register[STAMP_WIDTH:]


def _place(register: str) -> str:
    """Under which stamp a trigger has its place in lists."""
    return _value(register).removeprefix(_CREATED)
