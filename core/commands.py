"""What callers ask for, and why they can be refused."""

import msgspec

from core.catalogue import Trigger
from core.fields import NoLongerTaken
from core.stamps import Stamp


class CreateWebhook(msgspec.Struct, frozen=True):
    """Register a webhook under an id that was never used, as one of at most `webhooks_max`."""

    organization_id: str
    webhook_id: str
    name: str
    target_url: str
    description: str = ""
    custom_headers: dict[str, list[str]] = msgspec.field(default_factory=dict)
    timeout_nanoseconds: int = 0
    webhooks_max: int = 1_000


class UpdateWebhook(msgspec.Struct, frozen=True):
    """Change the fields of a webhook that are not None.

    A field that is `no_longer_taken` is refused, unless the webhook has that very value.
    """

    organization_id: str
    webhook_id: str
    name: str | None = None
    target_url: str | None = None
    description: str | None = None
    custom_headers: dict[str, list[str]] | None = None
    timeout_nanoseconds: int | None = None
    no_longer_taken: tuple[NoLongerTaken, ...] = ()


class DeleteWebhook(msgspec.Struct, frozen=True):
    """Delete a webhook and its triggers."""

    organization_id: str
    webhook_id: str


class CreateTrigger(msgspec.Struct, frozen=True):
    """Let `trigger` call a webhook."""

    organization_id: str
    webhook_id: str
    trigger: Trigger


class DeleteTrigger(msgspec.Struct, frozen=True):
    """Let `trigger` not call a webhook any more."""

    organization_id: str
    webhook_id: str
    trigger: Trigger


class IssueApiKey(msgspec.Struct, frozen=True):
    """Let in whoever shows the secret of this digest, as the holder of one of at most `api_keys_max` keys."""

    organization_id: str
    key_id: str
    digest: str
    name: str = ""
    api_keys_max: int = 100


class RevokeApiKey(msgspec.Struct, frozen=True):
    """Let nobody in with this key any more."""

    organization_id: str
    key_id: str


Command = CreateWebhook | UpdateWebhook | DeleteWebhook | CreateTrigger | DeleteTrigger | IssueApiKey | RevokeApiKey


class Refusal(Exception):
    """A command that makes no event of what its region knows."""


class NotFound(Refusal):
    """What the command is about is not there, in what this region has applied."""


class WebhookNotFound(NotFound):
    """The organization has no webhook of that id in what this region has applied."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__(webhook_id)
        self.webhook_id = webhook_id


class TriggerNotFound(NotFound):
    """The webhook is not called by that trigger."""

    def __init__(self, trigger: Trigger) -> None:
        super().__init__(trigger)
        self.trigger = trigger


class DeletedBefore(NotFound):
    """It was deleted by the event with that `stamp`. Once that holds where it is asked for, it is `missing`."""

    def __init__(self, stamp: Stamp, missing: Refusal) -> None:
        super().__init__(stamp)
        self.stamp = stamp
        self.missing = missing


class TargetUrlTaken(Refusal):
    """Another webhook of the organization has that `target_url`, or one with the same normal form."""

    def __init__(self, target_url: str) -> None:
        super().__init__(target_url)
        self.target_url = target_url


class FieldRefused(Refusal):
    """A field cannot be changed to that value."""

    def __init__(self, error: NoLongerTaken) -> None:
        super().__init__(str(error))


class TooManyWebhooks(Refusal):
    """The organization has as many webhooks as it can have."""

    def __init__(self, webhooks_max: int) -> None:
        super().__init__(webhooks_max)
        self.webhooks_max = webhooks_max


class ApiKeyNotFound(NotFound):
    """The organization has no API key of that id in what this region has applied."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


class TooManyApiKeys(Refusal):
    """The organization has as many API keys as it can have."""

    def __init__(self, api_keys_max: int) -> None:
        super().__init__(api_keys_max)
        self.api_keys_max = api_keys_max


class EventTooLarge(Refusal):
    """The region's log will never take the event of this command, for a limit that `why` names."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class IdempotencyKeyReused(Refusal):
    """The idempotency key was used for a request that asked for something else."""


class ApiKeyIssuedBefore(Refusal):
    """The idempotency key was used before, and issued this API key, whose secret is not kept."""

    def __init__(self, organization_id: str, key_id: str) -> None:
        super().__init__(key_id)
        self.organization_id = organization_id
        self.key_id = key_id


class TooManyIdempotencyKeys(Refusal):
    """As many idempotency keys are kept for the holder as can be; one more would be forgotten."""

    def __init__(self, idempotency_keys_max: int) -> None:
        super().__init__(idempotency_keys_max)
        self.idempotency_keys_max = idempotency_keys_max
