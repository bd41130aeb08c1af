"""The path of a read: the projection's registers, if they are current."""

from core.catalogue import Trigger
from core.registry import (
    Webhook,
    WebhookNotFound,
    query_webhook,
    query_webhooks,
    triggers_in,
    webhook_in,
    webhook_key,
    webhooks_in,
)
from service.views import Views


class Reading:
    """What the read routes call. Each method raises `RegionUnavailable`."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def webhooks(self, organization_id: str) -> list[Webhook]:
        """An organization's webhooks, in creation order."""
        view = await self._views.read(query_webhooks(organization_id))
        return webhooks_in(organization_id, view.registers)

    async def webhook(self, organization_id: str, webhook_id: str) -> Webhook:
        """One webhook, or `WebhookNotFound`."""
        view = await self._views.read(query_webhook(organization_id, webhook_id))
        webhook = webhook_in(webhook_id, view.registers.get(webhook_key(organization_id, webhook_id), {}))
        if webhook is None:
            raise WebhookNotFound(webhook_id)
        return webhook

    async def triggers(self, organization_id: str, webhook_id: str) -> list[Trigger]:
        """A webhook's triggers in creation order, or `WebhookNotFound`."""
        view = await self._views.read(query_webhook(organization_id, webhook_id))
        fields = view.registers.get(webhook_key(organization_id, webhook_id), {})
        if webhook_in(webhook_id, fields) is None:
            raise WebhookNotFound(webhook_id)
        return list(triggers_in(fields))
