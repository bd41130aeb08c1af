"""Calls of the API, and the check of every refusal."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

from deploy.local import LocalRegion
from tests.http_client import http_client
from tests.keys import issue_key

WEBHOOKS = "/organizations/webhooks"
ADMIN_KEY = "the-key-of-whoever-runs-the-tests"
_number = itertools.count()


def organization() -> str:
    return str(uuid.uuid4())


async def newcomer(region: LocalRegion) -> dict[str, str]:
    """Headers of a new organization, with a key of its own."""
    name = organization()
    async with http_client(region.http_url) as client:
        key = await issue_key(client, ADMIN_KEY, name, level="local_region")
    return {"SlashID-OrgID": name, "SlashID-API-Key": key}


def a_body(**fields: object) -> dict[str, Any]:
    """The body of a valid webhook, changed by `fields`."""
    return {"name": "a webhook", "target_url": f"https://hooks.example.com/{next(_number)}", **fields}


A_TRIGGER = {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}


async def registered(client: httpx.AsyncClient, **fields: object) -> str:
    """The id of a new webhook."""
    answer = await client.post(WEBHOOKS, json=a_body(**fields))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["result"]["id"])


def triggers_of(webhook_id: str) -> str:
    return f"{WEBHOOKS}/{webhook_id}/triggers"


def check_refused(answer: httpx.Response, status: int, *said: str) -> str:
    """Check that the response is the envelope with the same status inside, and names what is wrong.

    Returns the message.
    """
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"meta", "errors"}
    (error,) = body["errors"]
    assert set(error) == {"httpcode", "message"}
    assert error["httpcode"] == status
    message: str = error["message"]
    for text in said:
        assert text in message, message
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    return message


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body without a declared length."""
    for start in range(0, len(body), 1_000):
        yield body[start : start + 1_000]


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)
