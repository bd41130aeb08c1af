"""The path of a read: the registers of a current projection that is as new as the caller's token."""

from core.api_keys import ApiKey, api_keys_in, query_api_keys
from core.catalogue import Trigger
from core.commands import WebhookNotFound
from core.preconditions import require
from core.webhooks import Webhook, is_webhook, query_webhook, triggers_in, webhook_in, webhook_key
from service.reads.pages import Listed, Page
from service.reads.session_consistency import SessionConsistency
from service.request.context import ReadRequest

API_KEYS_MAX = 1_000_000
"""More than an organization can have in all regions together."""


class Queries:
    """What the read routes call. Each method raises what `SessionConsistency.read` does, and `PreconditionFailed`."""

    def __init__(self, session_consistency: SessionConsistency) -> None:
        self._session_consistency = session_consistency

    async def webhook(self, request: ReadRequest, webhook_id: str) -> Webhook:
        """One webhook, or `WebhookNotFound`."""
        organization_id = request.caller.organization_id
        view = await self._session_consistency.read(query_webhook(organization_id, webhook_id), request)
        webhook = webhook_in(webhook_id, view.registers.get(webhook_key(organization_id, webhook_id), {}))
        if webhook is None:
            raise WebhookNotFound(webhook_id)
        require(request.preconditions, webhook.etag, webhook_id=webhook_id)
        return webhook

    async def triggers(self, request: ReadRequest, webhook_id: str, page: Page) -> Listed[Trigger]:
        """A page of a webhook's triggers in creation order, or `WebhookNotFound`."""
        organization_id = request.caller.organization_id
        view = await self._session_consistency.read(query_webhook(organization_id, webhook_id), request)
        fields = view.registers.get(webhook_key(organization_id, webhook_id), {})
        if not is_webhook(fields):
            raise WebhookNotFound(webhook_id)
        require(request.preconditions)
        triggers = triggers_in(fields)
        return Listed(page.of(triggers), len(triggers), page)

    async def api_keys(self, request: ReadRequest, page: Page) -> Listed[ApiKey]:
        """A page of an organization's API keys, in the order of their issue."""
        organization_id = request.caller.organization_id
        query = query_api_keys(organization_id, offset=page.offset, limit=page.limit or API_KEYS_MAX)
        view = await self._session_consistency.read(query, request)
        require(request.preconditions)
        return Listed(api_keys_in(organization_id, view.registers), view.counted, page)
