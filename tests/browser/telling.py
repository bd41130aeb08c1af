"""Send made-up events to a page, in place of its service: states that running regions show seldom or late."""

import json
from typing import Any

from playwright.async_api import Route

from tests.browser.looking import Look

Json = dict[str, Any]

PROCESS = "crosshook-service-us-iowa-7d9c6b5f8d-x2x7k:8080"
"""A process name of a common length."""

SINCE = 1_773_489_588_000
"""11:59:48 UTC."""


async def tell(look: Look, *events: tuple[str, Json]) -> None:
    """Reconnect the page, and send it these events.

    Each time it reconnects, it gets the same ones, until the test ends.
    """
    body = "".join(f"event: {name}\ndata: {json.dumps(message)}\n\n" for name, message in events)

    async def told(route: Route) -> None:
        await route.fulfill(body=body, content_type="text/event-stream")

    await look.page.route("**/dashboard/events", told)
    await look.page.reload()


def cell(certainty: str, events: int | None, milliseconds: int | None, halted: str = "") -> Json:
    """A cell. An uncertain one became uncertain at 11:59:48."""
    is_certain = certainty in {"exact", "other_log"}
    return {
        "events": events,
        "milliseconds": milliseconds,
        "certainty": certainty,
        "since_milliseconds": None if is_certain else SINCE,
        "halted": halted,
    }


def present(names: list[str], cells: list[Json], *, at_milliseconds: int = SINCE) -> Json:
    """The present message, seen from the first region."""
    return {
        "at_milliseconds": at_milliseconds,
        "here": names[0],
        "process": PROCESS,
        "condition": "ready",
        "regions": [
            {
                "name": name,
                "state": "active",
                "is_current": True,
                "has_own_nats": True,
                "since_milliseconds": None,
                "waiting": place,
            }
            for place, name in enumerate(names)
        ],
        "cells": cells,
        "paces": [
            {"level": level, "per_second": 12.3, "p50_milliseconds": 4.0, "p99_milliseconds": 1_234.5, "late": 12}
            for level in ("local_region", "all_regions")
        ],
        "notes": [{"urgency": "alarm", "text": "An operator must act."}],
    }
