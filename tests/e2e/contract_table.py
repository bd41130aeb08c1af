"""The contract as a table: every route, its success, and each of its documented errors."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_number = itertools.count()
OF_EVERY_ROUTE = frozenset({400, 401, 403, 429, 503})
OF_TOKEN_READS = frozenset({408, 410})


@dataclass(frozen=True)
class Route:
    """A row of the contract. `path` has `{webhook_id}` or `{operation_id}` where an id belongs."""

    method: str
    path: str
    success: int
    errors: frozenset[int]
    waits_for_consistency: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def statuses(self) -> frozenset[int]:
        """All statuses of its responses."""
        return self.errors | OF_EVERY_ROUTE | {self.success}

    @property
    def is_single_webhook(self) -> bool:
        """Whether it takes `If-Match` or returns an `ETag`."""
        return self.path.endswith("{webhook_id}") or (self.method, self.success) == ("POST", 201)

    def body(self) -> dict[str, Any] | None:
        """A good body, each time with another `target_url`."""
        if self.method not in ("POST", "PATCH"):
            return None
        if self.path.endswith("triggers"):
            return {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}
        return {"name": "a webhook", "target_url": f"https://conformance.example.com/{next(_number)}"}

    async def ask(
        self,
        client: httpx.AsyncClient,
        ids: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | bytes | None = None,
    ) -> httpx.Response:
        """The response to a request that is good, except for the given parts."""
        content: dict[str, Any] = {}
        if isinstance(body, bytes):
            content["content"] = body
        elif (given := self.body() if body is None else body) is not None:
            content["json"] = given
        return await client.request(
            self.method, self.path.format(**ids), params=dict(self.parameters), headers=dict(headers or {}), **content
        )


_WEBHOOKS = "/organizations/webhooks"
_WEBHOOK = f"{_WEBHOOKS}/{{webhook_id}}"
_TRIGGERS = f"{_WEBHOOK}/triggers"
_A_TRIGGER = {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}

ROUTES = (
    Route("POST", _WEBHOOKS, 201, frozenset({408, 409, 413, 415, 422}), waits_for_consistency=True),
    Route("GET", _WEBHOOKS, 200, OF_TOKEN_READS | {413}),
    Route("GET", _WEBHOOK, 200, frozenset({404}) | OF_TOKEN_READS),
    Route("PATCH", _WEBHOOK, 200, frozenset({404, 408, 409, 412, 413, 415, 422}), waits_for_consistency=True),
    Route("DELETE", _WEBHOOK, 204, frozenset({404, 408, 412, 422}), waits_for_consistency=True),
    Route("POST", _TRIGGERS, 201, frozenset({404, 408, 413, 415, 422}), waits_for_consistency=True),
    Route("GET", _TRIGGERS, 200, frozenset({404}) | OF_TOKEN_READS),
    Route("DELETE", _TRIGGERS, 204, frozenset({404, 408, 422}), waits_for_consistency=True, parameters=_A_TRIGGER),
    Route("GET", "/operations/{operation_id}", 200, OF_TOKEN_READS),
)


def documenting(status: int) -> list[Route]:
    """The routes with `status` in their documentation."""
    return [route for route in ROUTES if status in route.statuses]
