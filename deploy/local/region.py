"""One region on this machine: its NATS, its Redis, its services and replicators."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local.configuration import nats_configuration, nats_url, redis_configuration, redis_url
from deploy.local.http_process import HttpProcess
from deploy.local.ports import Ports
from deploy.local.probes import nats_probe, redis_probe
from deploy.local.server_process import ServerProcess
from deploy.local.servers import Servers


class LocalRegion:
    """The processes of a region. Their ports and files stay the same however often they are started."""

    def __init__(
        self,
        name: str,
        *,
        directory: Path,
        servers: Servers,
        ports: Ports,
        environment: Mapping[str, str],
        settings: Mapping[str, str],
    ) -> None:
        self.name = name
        self.directory = directory
        self.topology = directory / "topology.toml"
        """The regions as seen from this one."""
        self.logs = directory / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.services: list[HttpProcess] = []
        self.replicators: list[HttpProcess] = []
        self._ports = ports
        self._environment = dict(environment)
        self._settings = {
            **settings,
            "CROSSHOOK_TOPOLOGY": str(self.topology),
            "CROSSHOOK_REGION": name,
        }
        self.nats_port = ports.claim_any()
        self.redis_port = ports.claim_any()
        self.nats = self._nats(servers)
        self.redis = self._redis(servers)

    @property
    def nats_url(self) -> str:
        """This region's NATS, without a link in between."""
        return self.nats.url

    @property
    def redis_url(self) -> str:
        """This region's Redis."""
        return self.redis.url

    @property
    def http_url(self) -> str:
        """The first service."""
        return self.services[0].url

    @property
    def processes(self) -> Iterator[ServerProcess | HttpProcess]:
        """Every process that the region has, running or not; what others need comes first."""
        yield self.nats
        yield self.redis
        yield from self.replicators
        yield from self.services

    async def add_service(self, settings: Mapping[str, str] | None = None) -> HttpProcess:
        """Start one more service, with settings of its own. It is not ready yet."""
        service = self.prepare_service(port=self._ports.claim_any(), settings=settings)
        await service.start()
        return service

    async def add_replicator(self, settings: Mapping[str, str] | None = None) -> HttpProcess:
        """Start one more replicator, with settings of its own. It is not ready yet."""
        replicator = self.prepare_replicator(settings=settings)
        await replicator.start()
        return replicator

    def prepare_service(self, *, port: int, settings: Mapping[str, str] | None = None) -> HttpProcess:
        """A further service that listens on `port`, not started."""
        service = self._http_process("service", len(self.services) + 1, port=port, settings=settings)
        self.services.append(service)
        return service

    def prepare_replicator(self, *, settings: Mapping[str, str] | None = None) -> HttpProcess:
        """A further replicator, not started."""
        number = len(self.replicators) + 1
        replicator = self._http_process("replicator", number, port=self._ports.claim_any(), settings=settings)
        self.replicators.append(replicator)
        return replicator

    def _http_process(self, module: str, number: int, *, port: int, settings: Mapping[str, str] | None) -> HttpProcess:
        return HttpProcess(
            name=f"{self.name}/{module}-{number}",
            module=module,
            port=port,
            directory=self.directory,
            log=self.logs / f"{module}-{number}.log",
            environment=self._environment,
            settings={**self._settings, **(settings or {})},
        )

    def _nats(self, servers: Servers) -> ServerProcess:
        files = self.directory / "nats"
        files.mkdir(exist_ok=True)
        configuration = self.directory / "nats.conf"
        text = nats_configuration(servers.nats, server_name=self.name, port=self.nats_port, store=files)
        configuration.write_text(text)
        return ServerProcess(
            name=f"{self.name}/nats",
            url=nats_url(self.nats_port),
            command=(str(servers.nats.path), "--config", str(configuration)),
            files=files,
            log=self.logs / "nats.log",
            probe=nats_probe(self.nats_port),
            environment=self._environment,
        )

    def _redis(self, servers: Servers) -> ServerProcess:
        files = self.directory / "redis"
        files.mkdir(exist_ok=True)
        configuration = self.directory / "redis.conf"
        configuration.write_text(redis_configuration(port=self.redis_port, directory=files))
        return ServerProcess(
            name=f"{self.name}/redis",
            url=redis_url(self.redis_port),
            command=(str(servers.redis.path), str(configuration)),
            files=files,
            log=self.logs / "redis.log",
            probe=redis_probe(self.redis_port),
            environment=self._environment,
        )
