"""The service's settings."""

from collections.abc import Mapping

import msgspec

from core.positions import Region
from core.topology import Topology
from runtime.logs import LogFormat, LogLevel
from runtime.settings import Environment


class Settings(msgspec.Struct, frozen=True):
    """Everything that can be set, checked."""

    topology: Topology
    region: Region
    host: str
    port: int
    drain_seconds: float
    log_format: LogFormat
    log_level: LogLevel
    clock_offset_milliseconds: int
    append_seconds: float
    requests_max: int
    tail_events_max: int
    webhooks_max: int


def read_settings(variables: Mapping[str, str]) -> Settings:
    """The settings in `variables`. Raises `InvalidSetting`."""
    environment = Environment(variables)
    topology, region = environment.place()
    host, port = environment.address("CROSSHOOK_LISTEN", default="127.0.0.1:8080")
    a_century = 3_155_760_000_000
    return Settings(
        topology=topology,
        region=region,
        host=host,
        port=port,
        drain_seconds=environment.number("CROSSHOOK_DRAIN_SECONDS", default=10, low=0, high=60),
        log_format=environment.choice("CROSSHOOK_LOG_FORMAT", default=LogFormat.AUTO),
        log_level=environment.choice("CROSSHOOK_LOG_LEVEL", default=LogLevel.INFO),
        clock_offset_milliseconds=environment.integer(
            "CROSSHOOK_CLOCK_OFFSET_MILLISECONDS", default=0, low=-a_century, high=a_century
        ),
        append_seconds=environment.number("CROSSHOOK_APPEND_SECONDS", default=2, low=0.1, high=120),
        requests_max=environment.integer("CROSSHOOK_REQUESTS_MAX", default=10_000, low=1, high=1_000_000),
        tail_events_max=environment.integer("CROSSHOOK_TAIL_EVENTS_MAX", default=10_000, low=1, high=1_000_000),
        webhooks_max=environment.integer("CROSSHOOK_WEBHOOKS_MAX", default=1_000, low=1, high=1_000),
    )
