"""The commands of callers, and the reasons to refuse them."""

import msgspec

from core.catalogue import Trigger
from core.fields import NoLongerTaken
from core.key_scopes import UNRESTRICTED
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

    A value in `no_longer_taken` is refused, unless the webhook already has it.
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
    """Stop `trigger` from calling a webhook."""

    organization_id: str
    webhook_id: str
    trigger: Trigger


class IssueApiKey(msgspec.Struct, frozen=True):
    """Accept the secret with this digest, as one of at most `api_keys_max` keys of the organization.

    The key has these `scopes`, as `core.key_scopes.restriction` has them, until `expires_at_milliseconds` (since 1970).
    """

    organization_id: str
    key_id: str
    digest: str
    name: str = ""
    api_keys_max: int = 100
    scopes: tuple[str, ...] = UNRESTRICTED
    expires_at_milliseconds: int | None = None

    @property
    def is_restricted(self) -> bool:
        """Whether the key will have less than all scopes, or expire."""
        return self.scopes != UNRESTRICTED or self.expires_at_milliseconds is not None


class RevokeApiKey(msgspec.Struct, frozen=True):
    """Refuse this key from now on."""

    organization_id: str
    key_id: str


class RecordApiKeyUse(msgspec.Struct, frozen=True):
    """Record that a request with this key was accepted on `day`, such as `2026-11-30`, unless that is known."""

    organization_id: str
    key_id: str
    day: str


ApiKeyCommand = IssueApiKey | RevokeApiKey | RecordApiKeyUse

Command = CreateWebhook | UpdateWebhook | DeleteWebhook | CreateTrigger | DeleteTrigger | ApiKeyCommand


class Refusal(Exception):
    """A command makes no event, given what its region knows."""


class NotFound(Refusal):
    """The target of the command does not exist in what this region has applied."""


class WebhookNotFound(NotFound):
    """The organization has no webhook with that id in what this region has applied."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__(webhook_id)
        self.webhook_id = webhook_id


class TriggerNotFound(NotFound):
    """That trigger does not call the webhook."""

    def __init__(self, trigger: Trigger) -> None:
        super().__init__(trigger)
        self.trigger = trigger


class DeletedBefore(NotFound):
    """The event with that `stamp` deleted it.

    Once the deletion holds in the required regions, the error is `missing`.
    """

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
    """The organization already has its maximum of webhooks."""

    def __init__(self, webhooks_max: int) -> None:
        super().__init__(webhooks_max)
        self.webhooks_max = webhooks_max


class ApiKeyNotFound(NotFound):
    """The organization has no API key with that id in what this region has applied."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


class ApiKeyUseRecorded(Refusal):
    """The use of the key on that day, or on a later one, is recorded already."""


class TooManyApiKeys(Refusal):
    """The organization already has its maximum of API keys."""

    def __init__(self, api_keys_max: int) -> None:
        super().__init__(api_keys_max)
        self.api_keys_max = api_keys_max


class EventTooLarge(Refusal):
    """The event of this command exceeds a limit of the region's log, which `why` names."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class IdempotencyKeyReused(Refusal):
    """The idempotency key was used for a request with another payload."""


class ApiKeyIssuedBefore(Refusal):
    """The idempotency key was used before, and issued this API key, whose secret is not kept."""

    def __init__(self, organization_id: str, key_id: str) -> None:
        super().__init__(key_id)
        self.organization_id = organization_id
        self.key_id = key_id


class TooManyIdempotencyKeys(Refusal):
    """The holder has its maximum of idempotency keys: one more would be forgotten."""

    def __init__(self, idempotency_keys_max: int) -> None:
        super().__init__(idempotency_keys_max)
        self.idempotency_keys_max = idempotency_keys_max
