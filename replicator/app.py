"""Put the replicator together, run it, take it apart."""

import asyncio
from contextlib import AsyncExitStack, suppress

from opentelemetry.trace import Tracer

from adapters.addresses import Tls
from adapters.announcements import keep_listening
from adapters.changed_secrets import Secured
from adapters.connection import Connection, open_connection
from adapters.event_log import EventLog
from adapters.projection import Projection, open_projection
from adapters.server_patches import Kind, outdated
from core.positions import Region
from replicator.announce import Announcer
from replicator.apply import Applier
from replicator.establish import Keeper
from replicator.evidence import Evidence
from replicator.health import health
from replicator.log_readers import LogReaders
from replicator.proof import Proof
from replicator.settings import Settings
from replicator.ship import COPY, Shipper
from replicator.status import Status, Step
from replicator.supervisor import Supervisor
from runtime.bounds import Bounds
from runtime.head import HeadAsGet
from runtime.health import Health, expose_health
from runtime.health_routes import health_app
from runtime.logs import configure_logs
from runtime.reporting import report_connection, report_health
from runtime.secret_files import follow
from runtime.server import bind, serve
from runtime.tracing import open_tracing


async def main(settings: Settings) -> None:
    """Replicate until SIGTERM or SIGINT.

    Nothing needs draining: everything in flight is conditional or idempotent, and the next replicator repeats it.
    """
    configure_logs(settings.log_format, settings.log_level, process="replicator", region=settings.region)
    listener = bind(settings.host, settings.port)
    async with AsyncExitStack() as stack:
        here, tls = settings.region, settings.secret_files.secrets.tls
        tracer = await stack.enter_async_context(
            open_tracing(settings.traces_endpoint, process="replicator", region=here)
        )
        connections = {
            region: await stack.enter_async_context(
                open_connection(
                    settings.topology.regions[region].nats,
                    name=f"crosshook replicator {here}",
                    tls=Tls(tls, settings.topology.regions[region].tls_name),
                    on_change=report_connection(region),
                )
            )
            for region in (here, *settings.topology.others(here))
        }
        redis = settings.topology.regions[here].redis
        projection = await stack.enter_async_context(open_projection(redis, region=here, tls=tls))
        replicator = Replicator(settings, connections, projection, tracer)
        replicating = asyncio.create_task(replicator.run())
        expose_health(replicator.health, servers=Kind)
        app = HeadAsGet(health_app(replicator.health))
        serving = asyncio.create_task(
            serve(app, listener, drain_seconds=0, bounds=Bounds(idle_seconds=settings.idle_seconds))
        )
        await asyncio.wait({replicating, serving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (replicating, serving):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await replicating
        with suppress(asyncio.CancelledError):
            await serving


class Replicator:
    """The steps of all origins."""

    def __init__(
        self, settings: Settings, connections: dict[Region, Connection], projection: Projection, tracer: Tracer
    ) -> None:
        here = settings.region
        replicas = settings.topology.regions[here].replicas
        self._here = here
        self._secret_files = settings.secret_files
        self._secured = Secured(here, connections, projection)
        self._connections = connections
        self._projection = projection
        self._status = status = Status()
        self._patched_servers = settings.patched_servers
        # A retired region's events stay in the other regions' copies, and in what is rebuilt from them.
        local_logs = {origin: EventLog(connections[here], origin, name=COPY) for origin in settings.topology.regions}
        local_logs[here] = EventLog(connections[here], here)
        copies = {region: EventLog(connections[region], here) for region in connections if region != here}
        sources = {origin: EventLog(connections[origin], origin) for origin in connections if origin != here}
        keeper = Keeper(
            local_logs[here],
            copies=copies,
            replicas=replicas,
            is_first_start=settings.is_first_start,
            status=status,
        )
        evidence = Evidence(here, others=copies.keys(), origins=local_logs.keys())
        proof = Proof(
            here,
            projection=projection,
            local_logs=local_logs,
            copies=copies,
            must_exist={here} if settings.is_first_start else {here, *settings.topology.waited_for()},
            evidence=evidence,
        )
        self._log_readers = LogReaders(local_logs[here])
        self._announcer = Announcer(
            here,
            proof=proof,
            evidence=evidence,
            connections=connections,
            status=status,
            log_readers=self._log_readers,
        )
        shippers = {
            origin: Shipper(
                origin,
                source=source,
                copy=local_logs[origin],
                replicas=replicas,
                status=status,
                forked=evidence.forked,
                now_milliseconds=settings.clock.now_milliseconds,
                tracer=tracer,
            )
            for origin, source in sources.items()
        }
        appliers = {
            origin: Applier(
                origin,
                is_own=origin == here,
                log=log,
                elsewhere=copies.values() if origin == here else [sources[origin]] if origin in sources else [],
                projection=projection,
                advanced=self._announcer.advanced,
                status=status,
                now_milliseconds=settings.clock.now_milliseconds,
                tracer=tracer,
            )
            for origin, log in local_logs.items()
        }
        self._keeping = Supervisor(keeper.run, step=Step.ESTABLISH, origin=here, status=status)
        self._shipping = [
            Supervisor(shipper.run, step=Step.SHIP, origin=origin, status=status)
            for origin, shipper in shippers.items()
        ]
        self._applying = [
            Supervisor(applier.run, step=Step.APPLY, origin=origin, status=status)
            for origin, applier in appliers.items()
        ]
        self._announcer.on_set_back = self._apply_anew
        self._log_readers.is_current = self._announcer.is_current
        self._announcer.expose(local_logs)

    async def run(self) -> None:
        """Work on every origin until cancelled. A failure of one origin does not stop the others."""
        async with asyncio.TaskGroup() as group:
            for supervisor in (self._keeping, *self._shipping, *self._applying):
                group.create_task(supervisor.run())
            group.create_task(self._projection.keep_asking(to_write=True))
            group.create_task(report_health(self.health))
            group.create_task(self._follow_secrets())
            group.create_task(self._log_readers.keep_looking())
            group.create_task(self._announcer.beat())
            group.create_task(keep_listening(self._connections[self._here], self._announcer.heard))
            group.create_task(self._announcer.tell_concerned())
            group.create_task(self._announcer.repeat_here())

    def health(self) -> Health:
        """The health of this replicator now."""
        return health(
            self._here,
            connections=self._connections,
            redis=self._projection,
            announcer=self._announcer,
            status=self._status,
            outdated=outdated(
                (self._connections[self._here].server, self._projection.server), accepted=self._patched_servers
            ),
        )

    async def _follow_secrets(self) -> None:
        await follow(self._secret_files, lambda secrets: self._secured.use(*secrets), shown=self._secured.shown)

    def _apply_anew(self) -> None:
        for supervisor in self._applying:
            supervisor.restart()
