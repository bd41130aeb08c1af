"""A real NATS server that speaks TLS only and wants a certificate."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from core.positions import Region
from deploy.certificates import Authority, Identity
from deploy.local.network.ports import LOCALHOST
from deploy.local.processes.probes import Readiness, Ready, Waiting
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import find_servers
from deploy.nats.accounts import accounts
from deploy.nats.configuration import Cluster, Tls, nats_configuration

_FILES = ("certificate", "key", "authority")


def give_certificate(directory: Path, name: str, shown: Identity, authority: Authority) -> None:
    """Write the certificate of the server `name`, and the authority that it trusts, into the files that it reads."""
    texts = (shown.certificate, shown.key, authority.identity.certificate)
    for file, text in zip(_FILES, texts, strict=True):
        (directory / f"{name}-{file}.pem").write_text(text)


def server_over_tls(
    directory: Path, name: str, *, here: Region, port: int, passwords: Mapping[str, str], cluster: Cluster | None = None
) -> ServerProcess:
    """One that is not started, and needs a certificate first."""
    files = directory / name
    files.mkdir()
    program = find_servers().nats
    configuration = directory / f"{name}.conf"
    configuration.write_text(
        nats_configuration(
            program.version,
            server_name=name,
            listen=f"{LOCALHOST}:{port}",
            store=str(files),
            accounts=accounts(here, [], passwords),
            tls=Tls(**{file: str(directory / f"{name}-{file}.pem") for file in _FILES}),
            cluster=cluster,
        )
    )
    return ServerProcess(
        name=name,
        url=f"tls://{LOCALHOST}:{port}",
        command=(str(program.path), "--config", str(configuration)),
        files=files,
        log=directory / f"{name}.log",
        probe=lambda: _listens(port),
        environment={},
    )


async def _listens(port: int) -> Readiness:
    with suppress(OSError):
        _, writer = await asyncio.open_connection(LOCALHOST, port)
        writer.close()
        return Ready()
    return Waiting("no server listens")
