"""The path of a read: the projection's registers, if they are current."""

from adapters.errors import NotCurrent, Unavailable
from adapters.projection import Projection, View
from core.catalogue import Trigger
from core.registry import (
    Query,
    Webhook,
    WebhookNotFound,
    query_webhook,
    query_webhooks,
    triggers_in,
    webhook_in,
    webhook_key,
    webhooks_in,
)
from service.writing import RegionUnavailable


class Reading:
    """What the read routes call. Each method raises `RegionUnavailable`."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    async def webhooks(self, organization_id: str) -> list[Webhook]:
        """An organization's webhooks, in creation order."""
        view = await self._read(query_webhooks(organization_id))
        return webhooks_in(organization_id, view.registers)

    async def webhook(self, organization_id: str, webhook_id: str) -> Webhook:
        """One webhook, or `WebhookNotFound`."""
        view = await self._read(query_webhook(organization_id, webhook_id))
        webhook = webhook_in(webhook_id, view.registers.get(webhook_key(organization_id, webhook_id), {}))
        if webhook is None:
            raise WebhookNotFound(webhook_id)
        return webhook

    async def triggers(self, organization_id: str, webhook_id: str) -> list[Trigger]:
        """A webhook's triggers in creation order, or `WebhookNotFound`."""
        view = await self._read(query_webhook(organization_id, webhook_id))
        fields = view.registers.get(webhook_key(organization_id, webhook_id), {})
        if webhook_in(webhook_id, fields) is None:
            raise WebhookNotFound(webhook_id)
        return list(triggers_in(fields))

    async def _read(self, query: Query) -> View:
        try:
            return await self._projection.read(query)
        except NotCurrent:
            raise RegionUnavailable("this region's projection is being rebuilt") from None
        except Unavailable as error:
            raise RegionUnavailable("this region's projection does not answer") from error
