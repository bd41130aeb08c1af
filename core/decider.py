"""Decide which event a command makes."""

from typing import assert_never

from core.api_keys import decide_api_key, query_api_key
from core.commands import (
    Command,
    CreateTrigger,
    CreateWebhook,
    DeletedBefore,
    DeleteTrigger,
    DeleteWebhook,
    FieldRefused,
    IssueApiKey,
    NotFound,
    RecordApiKeyUse,
    Refusal,
    RevokeApiKey,
    TargetUrlTaken,
    TooManyWebhooks,
    TriggerNotFound,
    UpdateWebhook,
    WebhookNotFound,
)
from core.events import AnyEvent, TriggerCreated, TriggerDeleted, WebhookCreated, WebhookDeleted, WebhookUpdated
from core.preconditions import UNCONDITIONAL, Preconditions, require
from core.projection import values_of
from core.registers import TOMBSTONE, Fields, Query, Registers, stamp_of, value_of
from core.targets import index_of, normal_form
from core.webhooks import (
    etag_of,
    has_target,
    has_trigger,
    is_webhook,
    organization_key,
    place_of,
    query_trigger,
    query_webhook,
    trigger_field,
    webhook_key,
)

_OfAWebhook = UpdateWebhook | DeleteWebhook | CreateTrigger | DeleteTrigger


def query_for(command: Command) -> Query:
    """The registers that `decide` needs for `command`."""
    organization_id = command.organization_id
    match command:
        case IssueApiKey() | RevokeApiKey() | RecordApiKeyUse():
            return query_api_key(command)
        case CreateWebhook(target_url=str(target_url)) | UpdateWebhook(target_url=str(target_url)):
            is_new = isinstance(command, CreateWebhook)
            return Query(
                () if is_new else (webhook_key(organization_id, command.webhook_id),),
                follow=webhook_key(organization_id, ""),
                named_in=index_of(organization_id, target_url),
                counted=organization_key(organization_id) if is_new else "",
            )
        case CreateTrigger() | DeleteTrigger():
            return query_trigger(organization_id, command.webhook_id, command.trigger)
        case _:
            return query_webhook(organization_id, command.webhook_id)


def decide(
    command: Command,
    registers: Registers,
    preconditions: Preconditions = UNCONDITIONAL,
    *,
    webhooks_count: int = 0,
) -> AnyEvent:
    """The event that `command` makes, given the result of `query_for`, if its preconditions hold.

    A missing target is reported first, then another state of it, then everything else. Raises a `Refusal`.
    """
    try:
        event = _decide(command, registers, webhooks_count)
    except NotFound:
        raise
    except Refusal:
        _require(preconditions, command, registers)
        raise
    _require(preconditions, command, registers)
    return event


def _require(preconditions: Preconditions, command: Command, registers: Registers) -> None:
    """Raise `PreconditionFailed` unless the existing target of `command` is in a state that the command allows."""
    if preconditions == UNCONDITIONAL:
        return
    if isinstance(command, UpdateWebhook | DeleteWebhook):
        etag = etag_of(_webhook(command, registers))
        require(preconditions, etag, webhook_id=command.webhook_id)
    else:
        require(preconditions)


def _decide(command: Command, registers: Registers, webhooks_count: int) -> AnyEvent:
    match command:
        case CreateWebhook():
            return _create_webhook(command, registers, webhooks_count)
        case UpdateWebhook():
            return _update_webhook(command, registers)
        case DeleteWebhook():
            return _delete_webhook(command, registers)
        case CreateTrigger():
            return _create_trigger(command, registers)
        case DeleteTrigger():
            return _delete_trigger(command, registers)
        case IssueApiKey() | RevokeApiKey() | RecordApiKeyUse():
            return decide_api_key(command, registers)
        case _:
            assert_never(command)


def _delete_webhook(command: DeleteWebhook, registers: Registers) -> WebhookDeleted:
    """A deleted resource has no tag to compare: RFC 9110, section 13.1.1, lets its deletion succeed again."""
    fields = registers.get(webhook_key(command.organization_id, command.webhook_id), {})
    if TOMBSTONE in fields:
        raise DeletedBefore(stamp_of(fields[TOMBSTONE]), WebhookNotFound(command.webhook_id))
    _webhook(command, registers)
    return WebhookDeleted(webhook_id=command.webhook_id)


def _create_trigger(command: CreateTrigger, registers: Registers) -> TriggerCreated:
    fields, trigger = _webhook(command, registers), command.trigger
    first_created = place_of(fields[trigger_field(trigger)]) if has_trigger(fields, trigger) else ""
    return TriggerCreated(command.webhook_id, trigger.trigger_type, trigger.trigger_name, first_created)


def _delete_trigger(command: DeleteTrigger, registers: Registers) -> TriggerDeleted:
    fields, trigger = _webhook(command, registers), command.trigger
    if trigger_field(trigger) not in fields:
        raise TriggerNotFound(trigger)
    if not has_trigger(fields, trigger):
        raise DeletedBefore(stamp_of(fields[trigger_field(trigger)]), TriggerNotFound(trigger))
    return TriggerDeleted(command.webhook_id, trigger.trigger_type, trigger.trigger_name)


def _create_webhook(command: CreateWebhook, registers: Registers, webhooks_count: int) -> WebhookCreated:
    _refuse_taken_url(command, command.target_url, registers)
    if webhooks_count >= command.webhooks_max:
        raise TooManyWebhooks(command.webhooks_max)
    return WebhookCreated(
        webhook_id=command.webhook_id,
        name=command.name,
        target_url=command.target_url,
        description=command.description,
        custom_headers=command.custom_headers,
        timeout_nanoseconds=command.timeout_nanoseconds,
    )


def _update_webhook(command: UpdateWebhook, registers: Registers) -> WebhookUpdated:
    fields = _webhook(command, registers)
    _refuse_values_no_longer_taken(command, fields)
    if command.target_url is not None and not has_target(fields, normal_form(command.target_url)):
        _refuse_taken_url(command, command.target_url, registers)
    return WebhookUpdated(
        webhook_id=command.webhook_id,
        name=command.name,
        target_url=command.target_url,
        description=command.description,
        custom_headers=command.custom_headers,
        timeout_nanoseconds=command.timeout_nanoseconds,
    )


def _refuse_values_no_longer_taken(command: UpdateWebhook, fields: Fields) -> None:
    """A webhook may keep the value that it has. Values are compared as they are stored."""
    values = values_of(command)
    for error in command.no_longer_taken:
        if values.get(error.field) != value_of(fields[error.field]):
            raise FieldRefused(error)


def _webhook(command: _OfAWebhook, registers: Registers) -> Fields:
    """The registers of the target webhook of `command`."""
    fields = registers.get(webhook_key(command.organization_id, command.webhook_id), {})
    if not is_webhook(fields):
        raise WebhookNotFound(command.webhook_id)
    return fields


def _refuse_taken_url(command: CreateWebhook | UpdateWebhook, target_url: str, registers: Registers) -> None:
    """Each webhook that was read is only a candidate: its own `target_url` decides."""
    normal, webhooks = normal_form(target_url), webhook_key(command.organization_id, "")
    if any(key.startswith(webhooks) and has_target(fields, normal) for key, fields in registers.items()):
        raise TargetUrlTaken(target_url)
