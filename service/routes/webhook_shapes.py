"""The bodies that create and change a webhook, and the webhook as responses have it.

Each field carries what the OpenAPI document says of it. A pattern only describes a field: `core.fields` checks it.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core import durations
from core.webhooks import Webhook
from service.http import patterns
from service.http.envelope import Moment, rfc3339

_NAME = "Not blank."
_TARGET_URL = (
    "The address that is called: an `https` URL. Its host is a name, neither `localhost` nor an IP address. It has no "
    "user name, no query and no fragment. Its path follows RFC 3986, with complete escapes. It is kept as given. "
    "Its normal form (RFC 3986, sections 6.2.2 and 6.2.3) is unique within the organization."
)
_DESCRIPTION = 'For people. `""` if there is none.'
HEADERS = "The headers of each call: each name with its values."
_TIMEOUT = (
    "How long a call may take: a Go duration from `0s` to `20s`, such as `10s`, `1.5s` or `250ms`. A request may also "
    "use a sum, such as `1s500ms`, which the pattern cannot express."
)

Name = Annotated[str, Meta(description=_NAME, extra_json_schema={"pattern": patterns.NOT_BLANK})]
TargetUrl = Annotated[
    str,
    Meta(
        description=_TARGET_URL,
        extra_json_schema={
            "pattern": patterns.TARGET_URL,
            "not": {"type": "string", "pattern": patterns.NO_TARGET_URL},
        },
    ),
]
Description = Annotated[str, Meta(description=_DESCRIPTION)]
CustomHeaders = Annotated[dict[str, list[str]] | list[Any] | None, Meta(description=HEADERS)]
"""Headers by name. Null counts as absent, and so does an empty list, which is how some languages write an empty map.

The document adds the limits, which are settings.
"""
Timeout = Annotated[
    str,
    Meta(
        description=f'{_TIMEOUT} `""` counts as absent.',
        extra_json_schema={"pattern": patterns.TIMEOUT_OR_NONE, "maxLength": patterns.TIMEOUT_CHARACTERS_MAX},
    ),
]


class WebhookBody(msgspec.Struct, frozen=True):
    """The body that creates a webhook. An optional member counts as absent if it is null or `""`."""

    name: Name
    target_url: TargetUrl
    description: Description | None = None
    custom_headers: CustomHeaders = None
    timeout: Timeout | None = None


class WebhookChanges(msgspec.Struct, frozen=True):
    """The fields of a webhook to change. An absent or null field stays as it is. `custom_headers` replaces them all."""

    name: Name | None = None
    target_url: TargetUrl | None = None
    description: Description | None = None
    custom_headers: CustomHeaders = None
    timeout: Timeout | None = None


class WebhookView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A webhook. `custom_headers` is absent if there are none.

    A stored webhook may have a name or an address that an earlier version accepted, so neither has a pattern.
    """

    id: Annotated[str, Meta(description="A UUIDv7.", extra_json_schema={"format": "uuid"})]
    name: Annotated[str, Meta(description=_NAME)]
    target_url: Annotated[str, Meta(description=_TARGET_URL)]
    description: Description
    timeout: Annotated[
        str,
        Meta(
            description=_TIMEOUT,
            extra_json_schema={"pattern": patterns.TIMEOUT, "maxLength": patterns.TIMEOUT_CHARACTERS_MAX},
        ),
    ]
    created_at: Moment
    updated_at: Moment
    custom_headers: Annotated[dict[str, list[str]], Meta(description=HEADERS)] = msgspec.field(default_factory=dict)


def view_of(webhook: Webhook) -> WebhookView:
    """A webhook as responses have it."""
    return WebhookView(
        id=webhook.webhook_id,
        name=webhook.name,
        target_url=webhook.target_url,
        description=webhook.description,
        timeout=durations.render(webhook.timeout_nanoseconds),
        created_at=rfc3339(webhook.created_at_milliseconds),
        updated_at=rfc3339(webhook.updated_at_milliseconds),
        custom_headers=webhook.custom_headers,
    )
