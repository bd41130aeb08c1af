"""The facts, in the past tense, and the envelope around them.

A tag carries its version: a new field gets a default, a changed meaning gets a new version.
"""

from typing import Annotated

import msgspec

from core.stamps import CLOCK_WIDTH

ClockText = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{CLOCK_WIDTH}}}\\Z")]
"""A reading of the hybrid logical clock, as `stamps.render` writes it."""


class Event(msgspec.Struct, frozen=True, tag_field="type"):
    """Something that happened to an organization's webhooks."""


class WebhookCreated(Event, frozen=True, tag="webhook_created.v1"):
    """A webhook was registered. Its `webhook_id` is never used again."""

    webhook_id: str
    name: str
    target_url: str
    description: str = ""
    custom_headers: dict[str, list[str]] = msgspec.field(default_factory=dict)
    timeout_nanoseconds: int = 0


class TriggerCreated(Event, frozen=True, tag="trigger_created.v1"):
    """A webhook was told what calls it.

    `first_created` is the stamp under which the trigger has its place in lists, where its author saw
    that it was already there; `""` where this event is the first.
    """

    webhook_id: str
    trigger_type: str
    trigger_name: str
    first_created: str = ""


AnyEvent = WebhookCreated | TriggerCreated


class Envelope(msgspec.Struct, frozen=True):
    """An event with its circumstances, as the log keeps it. Its place in the log completes its stamp."""

    operation_id: str
    organization_id: str
    clock: ClockText
    event: AnyEvent
    author: str = ""
