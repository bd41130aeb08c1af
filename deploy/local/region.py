"""One region on this machine: its NATS, its Redis, its services and replicators."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.positions import Region
from deploy.files import put, text_in
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.private import make_private
from deploy.local.processes.configuration import redis_url
from deploy.local.processes.http_process import HttpProcess
from deploy.local.processes.nats_servers import NatsLayout, nats_servers
from deploy.local.processes.probes import redis_probe
from deploy.local.processes.redis_commands import end_connections, run_as_operator
from deploy.local.processes.server_process import ServerProcess
from deploy.local.processes.servers import Servers
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR
from deploy.redis.configuration import OPERATOR, password_commands, redis_configuration
from deploy.valid_logins import ValidLogins
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
        logins: ValidLogins,
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
        self._logins = logins
        self._redis_has = (logins.accepted.redis[Region(name)], logins.also.get(Region(name), {}))
        self._to_reload: set[Path] = set()
        self._credentials = {role: directory / f"{role}.toml" for role in ("service", "replicator")}
        self._environment = dict(environment)
        self._settings = {
            **settings,
            "CROSSHOOK_TOPOLOGY": str(self.topology),
            "CROSSHOOK_REGION": name,
        }
        self.nats_ports = [ports.claim_any() for _ in range(nats_server_count)]
        self.redis_port = ports.claim_any()
        self._nats_layout = NatsLayout(
            here=Region(name),
            ports=self.nats_ports,
            route_ports=[ports.claim_any() for _ in self.nats_ports],
            regions=list(logins.accepted.nats),
            directory=directory,
            version=servers.nats.version,
        )
        self.nats_servers = list(
            nats_servers(self._nats_layout, logs=self.logs, program=servers.nats, environment=self._environment)
        )
        self.redis = self._redis(servers)
        self._write_server_files()
        self._write_credentials()

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
        return Login(user, self._logins.accepted.nats[Region(self.name)][user]).into(self.nats_servers[server].url)

    def log_url(self, origin: str) -> str:
        """The same, with the login that may do everything with the log of `origin`."""
        return self.nats_url if origin == self.name else self.copies_url

    @property
    def redis_url(self) -> str:
        """This region's Redis, with the login that may do everything."""
        return self.redis_url_as(OPERATOR)

    def redis_url_as(self, user: str) -> str:
        """The same, as any of its users."""
        return Login(user, self._redis_password(user)).into(self.redis.url)

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
        return ServerProcess(
            name=f"{self.name}/redis",
            url=redis_url(self.redis_port),
            command=(str(servers.redis.path), str(self.directory / "redis.conf")),
            files=files,
            log=self.logs / "redis.log",
            probe=redis_probe(self.redis_port, user=OPERATOR, password=lambda: self._redis_password(OPERATOR)),
            environment=self._environment,
        )

    def credentials_written_seconds(self, process: HttpProcess) -> float:
        """When the file of a process's logins was written."""
        return Path(process.settings["CROSSHOOK_CREDENTIALS"]).stat().st_mtime_ns / 1e9

    async def take(self, logins: ValidLogins) -> None:
        """Have the servers accept these logins, then give the processes theirs. They follow within two seconds.

        Nothing restarts. Raises `LocalError` if a server does not take them.
        """
        self._logins = logins
        self._to_reload |= self._write_server_files()
        for server, name in zip(self.nats_servers, self._nats_layout.names, strict=True):
            if (path := self._nats_layout.configuration(name)) in self._to_reload:
                if server.is_running:
                    await server.reload()
                self._to_reload.discard(path)
        if self.redis.is_running:
            await self._take_at_redis(logins)
        self._write_credentials()

    async def _take_at_redis(self, logins: ValidLogins) -> None:
        here = Region(self.name)
        had, has = self._redis_has, (logins.accepted.redis[here], logins.also.get(here, {}))
        if had == has:
            return
        operator = had[0][OPERATOR]
        await run_as_operator(self.redis_port, operator, password_commands(*has))
        for user in had[1].keys() - has[1].keys():
            since = time.time() - max(path.stat().st_mtime for path in self._credentials.values())
            await end_connections(self.redis_port, has[0][OPERATOR], user=user, older_than_seconds=since)
        self._redis_has = has

    def _redis_password(self, user: str) -> str:
        return self._logins.accepted.redis[Region(self.name)][user]

    def _write_server_files(self) -> set[Path]:
        """Write the files of the servers that differ, and return these."""
        here = Region(self.name)
        redis = redis_configuration(
            bind=LOCALHOST,
            port=self.redis_port,
            directory=str(self.redis.files),
            passwords=self._logins.accepted.redis[here],
            also=self._logins.also.get(here, {}),
        )
        texts = [*self._nats_layout.texts(self._logins.accepted.nats[here]), (self.directory / "redis.conf", redis)]
        return {path for path, text in texts if _put(path, text)}

    def _write_credentials(self) -> None:
        here = Region(self.name)
        _put(self._credentials["service"], self._logins.service(here))
        _put(self._credentials["replicator"], self._logins.replicator(here))


def _put(path: Path, text: str) -> bool:
    """Write a file if it differs. Returns whether it did."""
    if text_in(path) == text:
        return False
    put(path, text)
    return True
