"""One region on this machine: its NATS, its Redis, its services and replicators."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from core.positions import Region
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.private import make_private
from deploy.local.processes.configuration import redis_url
from deploy.local.processes.http_process import HttpProcess
from deploy.local.processes.nats_servers import nats_servers
from deploy.local.processes.probes import redis_probe
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import Servers
from deploy.logins import Logins, write_private
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR
from deploy.redis.configuration import OPERATOR, redis_configuration
from runtime.credentials import Login


class LocalRegion:
    """The processes of a region. Their ports and files stay the same however often they are started."""

    def __init__(
        self,
        name: str,
        *,
        directory: Path,
        servers: Servers,
        ports: Ports,
        logins: Logins,
        environment: Mapping[str, str],
        settings: Mapping[str, str],
        nats_server_count: int,
    ) -> None:
        self.name = name
        self.directory = directory
        self.topology = directory / "topology.toml"
        """The regions as seen from this one."""
        make_private(directory)
        self.logs = make_private(directory / "logs")
        self.services: list[HttpProcess] = []
        self.replicators: list[HttpProcess] = []
        self._ports = ports
        self._nats_passwords = logins.nats[Region(name)]
        self._redis_passwords = logins.redis[Region(name)]
        self._credentials = {
            "service": write_private(directory / "service.toml", logins.service(Region(name))),
            "replicator": write_private(directory / "replicator.toml", logins.replicator(Region(name))),
        }
        self._environment = dict(environment)
        self._settings = {
            **settings,
            "CROSSHOOK_TOPOLOGY": str(self.topology),
            "CROSSHOOK_REGION": name,
        }
        self.nats_ports = [ports.claim_any() for _ in range(nats_server_count)]
        self.redis_port = ports.claim_any()
        self.nats_servers = list(
            nats_servers(
                Region(name),
                ports=self.nats_ports,
                route_ports=[ports.claim_any() for _ in self.nats_ports],
                regions=list(logins.nats),
                directory=directory,
                logs=self.logs,
                program=servers.nats,
                passwords=self._nats_passwords,
                environment=self._environment,
            )
        )
        self.redis = self._redis(servers)

    @property
    def nats(self) -> ServerProcess:
        """This region's NATS server, or the first of them."""
        return self.nats_servers[0]

    @property
    def nats_url(self) -> str:
        """This region's NATS without a link between, as the login that may do everything with the region's own log."""
        return self.nats_url_as(LOG_OPERATOR)

    @property
    def copies_url(self) -> str:
        """The same, with the login that may do everything with its copies of other regions' logs."""
        return self.nats_url_as(COPIES_OPERATOR)

    def nats_url_as(self, user: str, *, server: int = 0) -> str:
        """The same, as any of its users, at the first server or at another."""
        return Login(user, self._nats_passwords[user]).into(self.nats_servers[server].url)

    def log_url(self, origin: str) -> str:
        """The same, with the login that may do everything with the log of `origin`."""
        return self.nats_url if origin == self.name else self.copies_url

    @property
    def redis_url(self) -> str:
        """This region's Redis, with the login that may do everything."""
        return self.redis_url_as(OPERATOR)

    def redis_url_as(self, user: str) -> str:
        """The same, as any of its users."""
        return Login(user, self._redis_passwords[user]).into(self.redis.url)

    @property
    def http_url(self) -> str:
        """The first service."""
        return self.services[0].url

    @property
    def processes(self) -> Iterator[ServerProcess | HttpProcess]:
        """Every process of the region, running or not. Those that others need come first."""
        yield from self.nats_servers
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
        """A further service, not started, that listens on `port`."""
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
            settings={
                **self._settings,
                "CROSSHOOK_CREDENTIALS": str(self._credentials[module]),
                **(settings or {}),
            },
        )

    def _redis(self, servers: Servers) -> ServerProcess:
        files = make_private(self.directory / "redis")
        text = redis_configuration(
            bind=LOCALHOST, port=self.redis_port, directory=str(files), passwords=self._redis_passwords
        )
        configuration = write_private(self.directory / "redis.conf", text)
        return ServerProcess(
            name=f"{self.name}/redis",
            url=redis_url(self.redis_port),
            command=(str(servers.redis.path), str(configuration)),
            files=files,
            log=self.logs / "redis.log",
            probe=redis_probe(self.redis_port, user=OPERATOR, password=self._redis_passwords[OPERATOR]),
            environment=self._environment,
        )
