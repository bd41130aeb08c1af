"""The path of a read: the registers of a current projection that is as new as the caller's token."""

from core.api_keys import ApiKey, api_keys_in, query_api_keys
from core.catalogue import Trigger
from core.commands import WebhookNotFound
from core.preconditions import require
from core.webhooks import Webhook, is_webhook, query_webhook, triggers_in, webhook_in, webhook_key
from service.reads.pages import Listed, Page
from service.reads.session_consistency import SessionConsistency
from service.request.context import ReadRequest
from service.request.shown import Progress, Result

API_KEYS_MAX = 1_000_000
"""More than an organization can have in all regions together."""


class Queries:
    """What the read routes call.

    Each method raises `Refused`: why is what `SessionConsistency.read` raises, or `PreconditionFailed`.
    """

    def __init__(self, session_consistency: SessionConsistency) -> None:
        self._session_consistency = session_consistency

    async def webhook(self, request: ReadRequest, webhook_id: str) -> Result[Webhook]:
        """One webhook, or `WebhookNotFound`."""
        organization_id = request.caller.organization_id
        with Progress(request.asked) as progress:
            query = query_webhook(organization_id, webhook_id)
            view = await self._session_consistency.read(query, request, progress)
            webhook = webhook_in(webhook_id, view.registers.get(webhook_key(organization_id, webhook_id), {}))
            if webhook is None:
                raise WebhookNotFound(webhook_id)
            require(request.preconditions, webhook.etag, webhook_id=webhook_id)
            return progress.result(webhook)

    async def triggers(self, request: ReadRequest, webhook_id: str, page: Page) -> Result[Listed[Trigger]]:
        """A page of a webhook's triggers in creation order, or `WebhookNotFound`."""
        organization_id = request.caller.organization_id
        with Progress(request.asked) as progress:
            query = query_webhook(organization_id, webhook_id)
            view = await self._session_consistency.read(query, request, progress)
            fields = view.registers.get(webhook_key(organization_id, webhook_id), {})
            if not is_webhook(fields):
                raise WebhookNotFound(webhook_id)
            require(request.preconditions)
            triggers = triggers_in(fields)
            return progress.result(Listed(page.of(triggers), len(triggers), page))

    async def api_keys(self, request: ReadRequest, page: Page) -> Result[Listed[ApiKey]]:
        """A page of an organization's API keys, in the order of their issue."""
        organization_id = request.caller.organization_id
        with Progress(request.asked) as progress:
            query = query_api_keys(organization_id, offset=page.offset, limit=page.limit or API_KEYS_MAX)
            view = await self._session_consistency.read(query, request, progress)
            require(request.preconditions)
            return progress.result(Listed(api_keys_in(organization_id, view.registers), view.counted, page))
