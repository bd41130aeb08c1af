"""The path of a read: the projection's registers, if they are current."""

from typing import Generic, NamedTuple, TypeVar

from core.catalogue import Trigger
from core.commands import WebhookNotFound
from core.webhooks import Webhook, query_webhook, query_webhooks, triggers_in, webhook_in, webhook_key, webhooks_in
from service.views import Views

T = TypeVar("T")


class Page(NamedTuple):
    """Which part of a list is asked for."""

    offset: int
    limit: int


class Listed(NamedTuple, Generic[T]):
    """A part of a list, and how much the whole is."""

    items: list[T]
    total_count: int
    page: Page


class Reading:
    """What the read routes call. Each method raises `RegionUnavailable`."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def webhooks(self, organization_id: str, page: Page) -> Listed[Webhook]:
        """A page of an organization's webhooks, in creation order."""
        query = query_webhooks(organization_id, offset=page.offset, limit=page.limit)
        view = await self._views.read(query)
        return Listed(webhooks_in(organization_id, view.registers), view.total_count, page)

    async def webhook(self, organization_id: str, webhook_id: str) -> Webhook:
        """One webhook, or `WebhookNotFound`."""
        view = await self._views.read(query_webhook(organization_id, webhook_id))
        webhook = webhook_in(webhook_id, view.registers.get(webhook_key(organization_id, webhook_id), {}))
        if webhook is None:
            raise WebhookNotFound(webhook_id)
        return webhook

    async def triggers(self, organization_id: str, webhook_id: str, page: Page) -> Listed[Trigger]:
        """A page of a webhook's triggers in creation order, or `WebhookNotFound`."""
        view = await self._views.read(query_webhook(organization_id, webhook_id))
        fields = view.registers.get(webhook_key(organization_id, webhook_id), {})
        if webhook_in(webhook_id, fields) is None:
            raise WebhookNotFound(webhook_id)
        triggers = triggers_in(fields)
        return Listed(triggers[page.offset : page.offset + page.limit], len(triggers), page)
