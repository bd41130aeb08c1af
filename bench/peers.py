"""The peers as sides, each with the processes that it needs."""

import asyncio
import http.client
import os
import secrets
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.api import ORGANIZATION, trigger_creations
from bench.peer.app import AT_ONCE
from bench.peer.registry import prepare
from bench.postgres import running_postgres
from bench.processor import family_seconds, processor_seconds
from bench.programs import running
from bench.regions import TREE, free_ports
from bench.side import EMPTY, PEER, PEER_AT_ONCE, Side
from core.api_keys import SECRET_BYTES, api_key_text, credentials_in
from core.consistency import Level
from deploy.local.network.ports import LOCALHOST

APPLICATION, POSTGRES = "application", "PostgreSQL"
"""The kinds of the peers' processes."""

_ANSWER_SECONDS_MAX = 10.0


@contextmanager
def empty_side() -> Iterator[Side]:
    """The empty POST."""
    with _running_application([]) as (port, pid):
        yield Side(
            name=EMPTY,
            address=(LOCALHOST, port),
            requests=trigger_creations(str(uuid.uuid4()), Level.LOCAL_REGION, api_key=_new_api_key()),
            settle=_settled,
            processor_seconds={APPLICATION: partial(processor_seconds, [pid])},
        )


@contextmanager
def postgres_sides(programs: Path) -> Iterator[Sequence[Side]]:
    """The peer on a PostgreSQL of its own, in both of its forms."""
    api_key, webhook_id = _new_api_key(), str(uuid.uuid4())
    with running_postgres(programs) as postgres:
        asyncio.run(
            prepare(
                postgres.dsn,
                organization_id=ORGANIZATION,
                credentials=credentials_in(api_key),
                webhook_id=webhook_id,
            )
        )
        with _running_application(["--dsn", postgres.dsn]) as (port, pid):
            yield [
                Side(
                    name=name,
                    address=(LOCALHOST, port),
                    requests=trigger_creations(webhook_id, Level.LOCAL_REGION, api_key=api_key, prefix=prefix),
                    settle=_settled,
                    processor_seconds={
                        APPLICATION: partial(processor_seconds, [pid]),
                        POSTGRES: partial(family_seconds, postgres.pid),
                    },
                )
                for name, prefix in ((PEER, ""), (PEER_AT_ONCE, AT_ONCE))
            ]


def _settled() -> None:
    """Return at once: a peer does nothing after its response."""


def _new_api_key() -> str:
    return api_key_text(str(uuid.uuid4()), secrets.token_bytes(SECRET_BYTES))


@contextmanager
def _running_application(options: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Start a peer's application on a free port, and end it afterwards. Yields its port and process id."""
    port = free_ports(1)
    with running(
        [sys.executable, "-m", "bench.peer", "--port", str(port), *options],
        what="a peer",
        directory=TREE,
        environment={**os.environ, "PYTHONPATH": str(TREE)},
        ready=partial(_answers, port),
    ) as (_, pid):
        yield port, pid


def _answers(port: int) -> bool | None:
    """True if it answers a request, whatever the answer is."""
    connection = http.client.HTTPConnection(LOCALHOST, port, timeout=_ANSWER_SECONDS_MAX)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return None
    finally:
        connection.close()
    return True
