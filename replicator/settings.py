"""The replicator's settings."""

from collections.abc import Mapping

import msgspec

from adapters.redis_address import refusal_of
from adapters.server_patches import ACCEPTED_FORM, Server, accepted_servers
from core.positions import Region
from core.topology import Topology
from runtime.clock import Clock
from runtime.logs import LogFormat, LogLevel
from runtime.secret_files import SecretFiles
from runtime.settings import Environment, TracesEndpoint


class Settings(msgspec.Struct, frozen=True):
    """All settings of a replicator, checked."""

    topology: Topology
    region: Region
    secret_files: SecretFiles
    host: str
    port: int
    idle_seconds: float
    log_format: LogFormat
    log_level: LogLevel
    traces_endpoint: TracesEndpoint | None
    is_first_start: bool
    clock: Clock
    patched_servers: frozenset[Server]


def read_settings(variables: Mapping[str, str]) -> Settings:
    """The settings in `variables`. Raises `InvalidSetting`."""
    environment = Environment(variables)
    topology, region = environment.place(refusal_of_redis=refusal_of)
    host, port = environment.address("CROSSHOOK_LISTEN", default="127.0.0.1:9080")
    return Settings(
        topology=topology,
        region=region,
        secret_files=environment.secret_files(topology),
        host=host,
        port=port,
        idle_seconds=environment.idle_seconds(),
        log_format=environment.choice("CROSSHOOK_LOG_FORMAT", default=LogFormat.AUTO),
        log_level=environment.choice("CROSSHOOK_LOG_LEVEL", default=LogLevel.INFO),
        traces_endpoint=environment.traces_endpoint(),
        is_first_start=environment.flag("CROSSHOOK_FIRST_START"),
        clock=environment.clock(),
        patched_servers=environment.parsed("CROSSHOOK_PATCHED_SERVERS", accepted_servers, expected=ACCEPTED_FORM),
    )
