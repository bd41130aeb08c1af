"""API keys for callers in tests."""

import asyncio
from collections.abc import Iterable, Mapping

import httpx

from tests.http_client import http_client

Keys = Mapping[str, str]
"""Organization -> a key of it."""


def admin_headers(admin_key: str) -> dict[str, str]:
    """The header of an administrator."""
    return {"Authorization": f"Bearer {admin_key}"}


async def issue_key(client: httpx.AsyncClient, admin_key: str, organization: str, *, level: str) -> str:
    """A new key of `organization`."""
    headers = {**admin_headers(admin_key), "SlashID-Required-Consistency": level}
    answer = await client.post(f"/admin/organizations/{organization}/keys", headers=headers, json={})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["result"]["key"])


async def issue_keys(url: str, admin_key: str, organizations: Iterable[str]) -> Keys:
    """A new key of each organization, known in every region."""
    async with http_client(url, timeout=60) as client:
        names = list(organizations)
        keys = await asyncio.gather(*(issue_key(client, admin_key, name, level="all_regions") for name in names))
        return dict(zip(names, keys, strict=True))
