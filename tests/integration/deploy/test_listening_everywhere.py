"""With the listening addresses of containers, real servers listen on IPv4 and IPv6."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.positions import Region
from deploy.kubernetes.layout import EVERYWHERE
from deploy.local.network.ports import Ports
from deploy.local.processes.servers import find_servers
from deploy.logins import new_logins
from deploy.nats.accounts import accounts
from deploy.nats.configuration import nats_configuration
from deploy.redis.configuration import EVERY_ADDRESS, redis_configuration

HERE = Region("us-iowa")
START_SECONDS_MAX = 20.0


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[None]:
    silent = asyncio.subprocess.DEVNULL
    server = await asyncio.create_subprocess_exec(*command, stdout=silent, stderr=silent)
    try:
        yield
    finally:
        server.kill()
        await server.wait()


async def takes_connections(*ports: int) -> None:
    async with asyncio.timeout(START_SECONDS_MAX):
        for port in ports:
            for host in ("127.0.0.1", "::1"):
                while True:
                    try:
                        socket.create_connection((host, port), timeout=5).close()
                        break
                    except ConnectionRefusedError:
                        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", ["nats", "redis"])
async def test_a_server_listens_on_ipv4_and_ipv6(tmp_path: Path, kind: str) -> None:
    servers, ports, logins = find_servers(), Ports(), new_logins([HERE])
    port, monitor = ports.claim_any(), ports.claim_any()
    configuration = tmp_path / "configuration"
    if kind == "nats":
        text = nats_configuration(
            servers.nats.version,
            server_name=HERE,
            listen=f"{EVERYWHERE}:{port}",
            store=str(tmp_path),
            accounts=accounts(HERE, [], logins.nats[HERE]),
            monitor=f"{EVERYWHERE}:{monitor}",
        )
        command = [str(servers.nats.path), "--config", str(configuration)]
    else:
        text = redis_configuration(bind=EVERY_ADDRESS, port=port, directory=str(tmp_path), passwords=logins.redis[HERE])
        command = [str(servers.redis.path), str(configuration)]
    configuration.write_text(text)
    async with running(*command):
        await takes_connections(port, *([monitor] if kind == "nats" else []))
    ports.close()
