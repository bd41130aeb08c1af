"""Access to the regions' servers, which have no published port, through containers in the regions' networks."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from nats.aio.client import Client

from core.positions import Region
from deploy.docker.layout import NATS_PORT, REDIS_PORT, nats_at, redis_at
from deploy.docker.volumes import AUTHORITY, CERTIFICATE, KEY
from deploy.local.network.links import Address
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.logins import Logins
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR
from deploy.redis.configuration import OPERATOR
from runtime.credentials import Login
from tests.containers.commands import docker, run
from tests.containers.composed import REGIONS, Composed
from tests.containers.leftovers import LABEL

CONNECT_SECONDS_MAX = 10
_OPEN_SECONDS_MAX = 30.0
_CARRY = """
import asyncio, sys
from deploy.local.network.links import Address, Link

async def carry(*ways):
    for way in ways:
        host, port = way.split(":")
        await Link(listen=Address("0.0.0.0", int(port)), upstream=Address(host, int(port))).open()
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(carry(*sys.argv[1:]))
"""


class WayIn:
    """The addresses of one region's servers, and their users."""

    def __init__(self, region: Region, logins: Logins, *, nats_port: int, redis_port: int) -> None:
        self.region = region
        self.nats_port = nats_port
        self.redis_port = redis_port
        self.nats_passwords = logins.nats[region]
        self.redis_passwords = logins.redis[region]

    @property
    def nats_url(self) -> str:
        """NATS, with the login that may do everything with the region's own log."""
        return self.nats_url_as(LOG_OPERATOR)

    @property
    def redis_url(self) -> str:
        """Redis, with the login that may do everything."""
        return self.redis_url_as(OPERATOR)

    def log_url(self, origin: str) -> str:
        """NATS, with the login that may do everything with the log of `origin`."""
        return self.nats_url_as(LOG_OPERATOR if origin == self.region else COPIES_OPERATOR)

    def nats_url_as(self, user: str) -> str:
        """NATS, as any of its users."""
        return Login(user, self.nats_passwords[user]).into(f"tls://{LOCALHOST}:{self.nats_port}")

    def redis_url_as(self, user: str) -> str:
        """Redis, as any of its users."""
        return Login(user, self.redis_passwords[user]).into(f"redis://{LOCALHOST}:{self.redis_port}/0")


class WaysIn:
    """Access to all regions, and the clients' certificates."""

    def __init__(self, regions: Mapping[str, WayIn], files: Mapping[str, str], directory: Path) -> None:
        self.regions = regions
        self._files = files
        self._directory = directory

    async def connect(self, url: str) -> Client:
        """A client of the NATS at `url`, with the operator's certificate."""
        (way,) = (one for one in self.regions.values() if f":{one.nats_port}" in url)
        return await self.connect_with(self.shows("operator"), url, server=way.region)

    async def connect_with(self, context: ssl.SSLContext, url: str, *, server: str) -> Client:
        """The same with the certificate in `context`, if the server's certificate names `server`.

        Raises each refusal.
        """

        async def on_error(_: Exception) -> None:
            """Raise this refusal too."""

        client = Client()
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                await client.connect(
                    url,
                    tls=context,
                    tls_hostname=server,
                    tls_handshake_first=True,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    error_cb=on_error,
                )
        except BaseException:
            await client.close()
            raise
        return client

    def trusts(self) -> ssl.SSLContext:
        """A context that trusts the regions' authority and has no certificate."""
        return ssl.create_default_context(cadata=self._files[f"operator/{AUTHORITY}"])

    def shows(self, volume: str) -> ssl.SSLContext:
        """A context that trusts the regions' authority and has the certificate of a volume."""
        return self.shows_identity(self._files[f"{volume}/{CERTIFICATE}"], self._files[f"{volume}/{KEY}"])

    def shows_identity(self, certificate: str, key: str) -> ssl.SSLContext:
        """A context that trusts the regions' authority and has this certificate."""
        path = self._directory / f"{os.urandom(8).hex()}.pem"
        path.touch(mode=0o600)
        path.write_text(certificate + key)
        context = self.trusts()
        context.load_cert_chain(path)
        path.unlink()
        return context


@asynccontextmanager
async def ways_in(composed: Composed, directory: Path) -> AsyncIterator[WaysIn]:
    """Access to every region's servers. It is closed at the end."""
    files, logins = await composed.files(), await composed.logins()
    ports = Ports()
    async with AsyncExitStack() as stack:
        stack.callback(ports.close)
        regions: dict[str, WayIn] = {}
        for region in REGIONS:
            way = WayIn(region, logins, nats_port=ports.claim_any(), redis_port=ports.claim_any())
            await stack.enter_async_context(_carrier(composed, way))
            regions[region] = way
        yield WaysIn(regions, files, directory)


@asynccontextmanager
async def _carrier(composed: Composed, way: WayIn) -> AsyncIterator[None]:
    """A container in the networks of the region's services: its own, and one with published ports."""
    inside, edge = await composed.network(way.region), await composed.network(f"{way.region}-edge")
    servers = [Address(*address) for address in (nats_at(way.region), redis_at(way.region))]
    created = await docker(
        *("create", f"--label={LABEL}={composed.name}"),
        *("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"),
        f"--network={edge['Id']}",
        f"--publish={LOCALHOST}:{way.nats_port}:{NATS_PORT}",
        f"--publish={LOCALHOST}:{way.redis_port}:{REDIS_PORT}",
        *("--entrypoint=python", composed.image, "-c", _CARRY),
        *(f"{host}:{port}" for host, port in servers),
    )
    container = created.strip()
    try:
        await docker("network", "connect", inside["Id"], container)
        await docker("start", container)
        async with asyncio.timeout(_OPEN_SECONDS_MAX):
            while "open" not in await docker("logs", container):
                await asyncio.sleep(0.1)
        yield
    finally:
        await run("docker", "rm", "--force", "--volumes", container)
