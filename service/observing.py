"""What becomes of every request is counted and timed."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from prometheus_client import Counter

from core.consistency import Level
from service import metrics
from service.admission import arrival_of
from service.requests import caller_of

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

NONE = "none"
"""What a label says where there is nothing to say: no such route, no consistency to ask for."""


class Observing:
    """An ASGI application around `Admission`, so that what is refused there is told of too."""

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._counters: dict[tuple[str | None, str, Level | None, int], Counter] = {}

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on. It counts as answered when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def observed(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._answered(scope, message["status"])
            await send(message)

        await self._app(scope, receive, observed)

    def _answered(self, scope: Scope, status: int) -> None:
        caller = caller_of(scope)
        level = None if caller is None else caller.exchange.level
        self._counter(scope, level, status).inc()
        if level is not None and status < 300:
            seconds = asyncio.get_running_loop().time() - arrival_of(scope)
            metrics.WRITE_SECONDS_OF[level].observe(seconds)

    def _counter(self, scope: Scope, level: Level | None, status: int) -> Counter:
        """Looked up once for each route, level and status; there are no more than the contract has."""
        template = scope.get("path_template")
        # Anybody can make up a method, as long as there is no route.
        key = (template, scope["method"] if template else "", level, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = metrics.REQUESTS.labels(route_of(scope), level or NONE, status)
            self._counters[key] = counter
        return counter


def route_of(scope: Mapping[str, Any]) -> str:
    """The method and the path's template, never a path; `none` where no route was found, or looked for yet."""
    template = scope.get("path_template")
    return f"{scope['method']} {template}" if template else NONE
