"""The peers' HTTP: the product's route, with the same body and the same response."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from bench.peer.registry import Registry, open_registry
from core import catalogue
from core.api_keys import Forbidden, Unauthenticated, credentials_in
from core.catalogue import NameOfTrigger, TypeOfTrigger
from core.commands import WebhookNotFound
from core.events import TriggerCreated
from core.fields import InvalidField
from service.http.envelope import Empty, failure

ROUTE = "/organizations/webhooks/{webhook_id:str}/triggers"
AT_ONCE = "/at-once"
"""The prefix of the route whose check and insert are one statement."""

_STATUSES: dict[type[Exception], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    WebhookNotFound: 404,
    InvalidField: 400,
    asyncpg.DataError: 400,  # An id that is no UUID.
}


class TriggerBody(msgspec.Struct, frozen=True):
    """The trigger to create."""

    trigger_type: TypeOfTrigger
    trigger_name: NameOfTrigger


@post(ROUTE)
async def create_nothing(webhook_id: str, data: TriggerBody) -> Empty:  # noqa: ARG001 - decoded, and not used
    """Answer 201 without any work."""
    return Empty()


@post(ROUTE)
async def create_trigger(webhook_id: str, data: TriggerBody, request: Request[Any, Any, Any], state: State) -> Empty:
    """Check, then insert, in one transaction."""
    registry: Registry = state.registry
    return await _create(registry.create_trigger, request, webhook_id, data)


@post(AT_ONCE + ROUTE)
async def create_trigger_at_once(
    webhook_id: str, data: TriggerBody, request: Request[Any, Any, Any], state: State
) -> Empty:
    """Check and insert in one statement."""
    registry: Registry = state.registry
    return await _create(registry.create_trigger_at_once, request, webhook_id, data)


async def _create(
    create: Callable[..., Awaitable[None]], request: Request[Any, Any, Any], webhook_id: str, data: TriggerBody
) -> Empty:
    credentials = credentials_in(request.headers.get("SlashID-API-Key", ""))
    trigger = catalogue.trigger(data.trigger_type, data.trigger_name)
    event = TriggerCreated(webhook_id, trigger.trigger_type, trigger.trigger_name)
    await create(credentials, request.headers.get("SlashID-OrgID", ""), event)
    return Empty()


def _refuse(_request: object, error: Exception) -> Response[Empty]:
    status = next(status for kind, status in _STATUSES.items() if isinstance(error, kind))
    return failure(status, str(error) or type(error).__name__)


def empty_app() -> Litestar:
    """The empty POST."""
    return _app([create_nothing])


def registry_app(dsn: str) -> Litestar:
    """The registry on the PostgreSQL at `dsn`."""

    @asynccontextmanager
    async def with_registry(app: Litestar) -> AsyncIterator[None]:
        async with open_registry(dsn) as registry:
            app.state.registry = registry
            yield

    return _app([create_trigger, create_trigger_at_once], lifespan=[with_registry])


def _app(handlers: list[HTTPRouteHandler], **options: Any) -> Litestar:  # noqa: ANN401 - Litestar's
    refusals = dict.fromkeys(_STATUSES, _refuse)
    return Litestar(handlers, openapi_config=None, logging_config=None, exception_handlers=refusals, **options)  # type: ignore[arg-type]
