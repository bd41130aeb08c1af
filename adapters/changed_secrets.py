"""Takes all connections of a process over to changed logins and TLS settings."""

import asyncio
import ssl
from collections.abc import Awaitable, Mapping

from adapters.addresses import Tls
from adapters.connection import Connection
from adapters.errors import Unavailable
from adapters.projection import Projection
from core.certificates import Certificate
from core.positions import Region
from core.topology import Topology


class Secured:
    """The connections of one process: to some regions' NATS, and to the Redis of the region `here`."""

    def __init__(self, here: Region, connections: Mapping[Region, Connection], projection: Projection) -> None:
        self._here = here
        self._connections = connections
        self._projection = projection

    async def use(self, topology: Topology, tls: ssl.SSLContext) -> str:
        """Replace each connection whose login or TLS settings differ. Returns why some were not, or `""`.

        A server that does not answer delays no other connection.
        """
        replacing = [
            _why_not(
                f"NATS of {region}",
                connection.use(topology.regions[region].nats, tls=Tls(tls, topology.regions[region].tls_name)),
            )
            for region, connection in self._connections.items()
        ]
        replacing.append(_why_not("", self._projection.use(topology.regions[self._here].redis, tls=tls)))
        return "; ".join(filter(None, await asyncio.gather(*replacing)))

    def shown(self) -> dict[str, Certificate]:
        """The certificates that servers have shown, by their regions."""
        found = {f"NATS of {region}": connection.certificate for region, connection in self._connections.items()}
        found["Redis"] = self._projection.certificate
        return {of: certificate for of, certificate in found.items() if certificate is not None}


async def _why_not(place: str, replaced: Awaitable[None]) -> str:
    try:
        await replaced
    except Unavailable as error:
        return f"{place}: {error}" if place else str(error)
    return ""
