"""A Redis at a `rediss://` address uses the same certificates as a NATS at a `tls://` one."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.errors import Unavailable
from adapters.projection import open_projection
from core.positions import Region
from deploy.certificates import Authority, Use, new_authority
from deploy.local import LocalRegion
from deploy.local.network.ports import LOCALHOST
from runtime.settings import Environment
from tests.integration.adapters.runs import US

HERE = Region("us-iowa")
Files = Callable[[str], Path]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority(now=datetime.now(UTC))


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> Files:
    """The paths of the server's certificate, the process's certificate, and the authority that both trust."""
    server = authority.issue(HERE, "redis", use=Use.SERVER, now=datetime.now(UTC), hosts=["localhost"])
    client = authority.issue(HERE, "service", use=Use.CLIENT, now=datetime.now(UTC))
    (tmp_path / "authority").write_text(authority.identity.certificate)
    (tmp_path / "server").write_text(server.certificate + server.key)
    (tmp_path / "client").write_text(client.certificate + client.key)
    return tmp_path.joinpath


@pytest.fixture
async def address(region: LocalRegion, files: Files) -> AsyncIterator[str]:
    """A real Redis behind a proxy that ends TLS and requires a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files("authority"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(files("server"))
    plain = urlsplit(region.redis_url)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            from_redis, to_redis = await asyncio.open_connection(plain.hostname, plain.port)
            await asyncio.gather(pump(reader, to_redis), pump(from_redis, writer))

    async with await asyncio.start_server(take, LOCALHOST, 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        login, _, _ = plain.netloc.rpartition("@")
        yield f"rediss://{login and login + '@'}localhost:{port}{plain.path}"


@pytest.fixture
def tls(files: Files) -> Callable[..., ssl.SSLContext]:
    """The TLS context of a process with these settings, with the strict checks of Python 3.13."""

    def made(*, believes: bool = True, shows: bool = True) -> ssl.SSLContext:
        variables = {}
        if believes:
            variables["CROSSHOOK_TLS_AUTHORITY"] = str(files("authority"))
        if shows:
            variables["CROSSHOOK_TLS_CERTIFICATE"] = str(files("client"))
        context = Environment(variables).tls()
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    return made


@pytest.mark.usefixtures("raw")
async def test_both_sides_show_certificates_and_redis_works(address: str, tls: Callable[..., ssl.SSLContext]) -> None:
    async with open_projection(address, region=US, tls=tls()) as projection:
        assert await projection.begin()


async def test_an_untrusted_certificate_of_redis_is_reported(address: str, tls: Callable[..., ssl.SSLContext]) -> None:
    for context, host in ((tls(believes=False), "localhost"), (tls(), LOCALHOST)):
        async with open_projection(address.replace("localhost", host), region=US, tls=context) as projection:
            with pytest.raises(Unavailable, match="certificate verify failed"):
                await projection.begin()


async def test_a_process_without_a_certificate_is_refused(address: str, tls: Callable[..., ssl.SSLContext]) -> None:
    async with open_projection(address, region=US, tls=tls(shows=False)) as projection:
        with pytest.raises(Unavailable):
            await projection.begin()


@pytest.mark.usefixtures("raw")
async def test_an_address_with_its_own_tls_options_uses_only_these(
    address: str, files: Files, tls: Callable[..., ssl.SSLContext]
) -> None:
    own = f"{address}?ssl_ca_certs={files('authority')}&ssl_certfile={files('client')}"
    async with open_projection(own, region=US, tls=tls(believes=False, shows=False)) as projection:
        assert await projection.begin()
