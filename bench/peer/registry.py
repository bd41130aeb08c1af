"""The registry on PostgreSQL: checks the API key and the webhook, and inserts the event.

asyncpg prepares each statement once on each connection, and keeps it there.
"""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from core.api_keys import Credentials, Forbidden, Unauthenticated
from core.commands import WebhookNotFound
from core.events import TriggerCreated

SCHEMA = Path(__file__).with_name("schema.sql")

POOL_CONNECTIONS = 32
"""PostgreSQL syncs once for all commits that wait at the same time, so more connections than processors pay."""

_CHECK = """
SELECT
    organization_id,
    digest,
    EXISTS (SELECT FROM webhooks WHERE webhook_id = $2 AND organization_id = $3) AS is_found
FROM api_keys
WHERE key_id = $1
"""

_INSERT = """
INSERT INTO events (organization_id, webhook_id, author, event) VALUES ($3, $2, $1, $4)
"""

_CHECK_AND_INSERT = """
WITH key AS (
    SELECT organization_id, digest FROM api_keys WHERE key_id = $1
), inserted AS (
    INSERT INTO events (organization_id, webhook_id, author, event)
    SELECT $3, webhook_id, $1, $4
    FROM key JOIN webhooks USING (organization_id)
    WHERE webhook_id = $2 AND organization_id = $3 AND digest = $5
    RETURNING sequence
)
SELECT organization_id, digest, EXISTS (SELECT FROM inserted) AS is_found FROM key
"""


class Registry:
    """The use case of the peer, in two forms: each is one transaction, and each is common."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def create_trigger(self, credentials: Credentials, organization_id: str, event: TriggerCreated) -> None:
        """Check, then insert. Returns when the event is on disk.

        Raises `Unauthenticated`, `Forbidden`, `WebhookNotFound`.
        """
        named = (credentials.key_id, event.webhook_id, organization_id)
        async with self._pool.acquire() as connection, connection.transaction():
            found = await connection.fetchrow(_CHECK, *named)
            _admit(found, credentials, organization_id, event)
            await connection.execute(_INSERT, *named, _text(event))

    async def create_trigger_at_once(
        self, credentials: Credentials, organization_id: str, event: TriggerCreated
    ) -> None:
        """The same in one statement, so in one round trip to PostgreSQL."""
        named = (credentials.key_id, event.webhook_id, organization_id)
        async with self._pool.acquire() as connection:
            found = await connection.fetchrow(_CHECK_AND_INSERT, *named, _text(event), credentials.digest)
        _admit(found, credentials, organization_id, event)


def _text(event: TriggerCreated) -> str:
    return msgspec.json.encode(event).decode()


def _admit(found: asyncpg.Record | None, credentials: Credentials, organization_id: str, event: TriggerCreated) -> None:
    if found is None or not hmac.compare_digest(found["digest"], credentials.digest):
        raise Unauthenticated
    if str(found["organization_id"]) != organization_id:
        raise Forbidden
    if not found["is_found"]:
        raise WebhookNotFound(event.webhook_id)


async def _keep_session(_connection: object) -> None:
    """Nothing to reset: no request changes its session. asyncpg's own reset is one more round trip for each request."""


@asynccontextmanager
async def open_registry(dsn: str, *, connections: int = POOL_CONNECTIONS) -> AsyncIterator[Registry]:
    """The registry on the PostgreSQL at `dsn`, with all of its connections open."""
    async with asyncpg.create_pool(dsn, min_size=connections, max_size=connections, reset=_keep_session) as pool:
        yield Registry(pool)


async def prepare(dsn: str, *, organization_id: str, credentials: Credentials, webhook_id: str) -> None:
    """Create the tables, one API key and one webhook."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(SCHEMA.read_text(encoding="utf-8"))
        key = (credentials.key_id, organization_id, credentials.digest)
        await connection.execute("INSERT INTO api_keys VALUES ($1, $2, $3)", *key)
        webhook = (webhook_id, organization_id, "measured", "https://hooks.example.com/measured")
        await connection.execute("INSERT INTO webhooks VALUES ($1, $2, $3, $4)", *webhook)
    finally:
        await connection.close()
