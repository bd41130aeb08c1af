"""The service's settings."""

from collections.abc import Mapping

import msgspec

from adapters.redis_address import refusal_of
from adapters.server_patches import ACCEPTED_FORM, Server, accepted_servers
from core.fields import HeaderLimits
from core.positions import Region
from core.topology import Topology
from runtime.bounds import ADDRESS_CONNECTIONS_MAX, BUFFERED_BYTES_MAX, Bounds
from runtime.client_address import PROXIES_MAX
from runtime.clock import Clock
from runtime.logs import LogFormat, LogLevel
from runtime.secret_files import SecretFiles
from runtime.settings import Environment, TracesEndpoint
from service.http.authentication.admin_keys import AdminKey, read_admin_keys
from service.http.headers import KEY_HEADERS
from service.request.limits import Limits
from service.writes.frame_use import Frames
from service.writes.key_uses import LastUsed


class Settings(msgspec.Struct, frozen=True):
    """All settings of a service, checked."""

    topology: Topology
    region: Region
    secret_files: SecretFiles
    host: str
    port: int
    drain_seconds: float
    bounds: Bounds
    log_format: LogFormat
    log_level: LogLevel
    traces_endpoint: TracesEndpoint | None
    trusts_traceparent: bool
    clock: Clock
    patched_servers: frozenset[Server]
    append_seconds: float
    frames: Frames
    last_used: LastUsed
    requests_max: int
    tail_events_max: int
    organization_requests_max: int
    idempotency_keys_max: int
    operation_hours: int
    dashboard_listeners_max: int
    address_listeners_max: int
    body_bytes_max: int
    limits: Limits
    admin_keys: tuple[AdminKey, ...]


def read_settings(variables: Mapping[str, str]) -> Settings:
    """The settings in `variables`. Raises `InvalidSetting`."""
    environment = Environment(variables)
    topology, region = environment.place(refusal_of_redis=refusal_of)
    host, port = environment.address("CROSSHOOK_LISTEN", default="127.0.0.1:8080")
    return Settings(
        topology=topology,
        region=region,
        secret_files=environment.secret_files(topology),
        host=host,
        port=port,
        drain_seconds=environment.number("CROSSHOOK_DRAIN_SECONDS", default=10, low=0, high=60),
        bounds=Bounds(
            address_connections_max=environment.integer(
                "CROSSHOOK_ADDRESS_CONNECTIONS_MAX", default=ADDRESS_CONNECTIONS_MAX, low=1, high=1_000_000
            ),
            trusted_proxies=environment.integer("CROSSHOOK_TRUSTED_PROXIES", default=0, low=0, high=PROXIES_MAX),
            idle_seconds=environment.idle_seconds(),
            buffered_bytes_max=environment.integer(
                "CROSSHOOK_BUFFERED_BYTES_MAX", default=BUFFERED_BYTES_MAX, low=4_194_304, high=1 << 40
            ),
            key_headers=KEY_HEADERS,
        ),
        log_format=environment.choice("CROSSHOOK_LOG_FORMAT", default=LogFormat.AUTO),
        log_level=environment.choice("CROSSHOOK_LOG_LEVEL", default=LogLevel.INFO),
        traces_endpoint=environment.traces_endpoint(),
        trusts_traceparent=environment.flag("CROSSHOOK_TRUST_TRACEPARENT"),
        clock=environment.clock(),
        patched_servers=environment.parsed("CROSSHOOK_PATCHED_SERVERS", accepted_servers, expected=ACCEPTED_FORM),
        append_seconds=environment.number("CROSSHOOK_APPEND_SECONDS", default=2, low=0.1, high=120),
        frames=environment.choice("CROSSHOOK_FRAMES", default=Frames.AUTO),
        last_used=environment.choice("CROSSHOOK_LAST_USED", default=LastUsed.DAILY),
        requests_max=environment.integer("CROSSHOOK_REQUESTS_MAX", default=10_000, low=1, high=1_000_000),
        tail_events_max=environment.integer("CROSSHOOK_TAIL_EVENTS_MAX", default=10_000, low=1, high=1_000_000),
        organization_requests_max=environment.integer(
            "CROSSHOOK_ORGANIZATION_REQUESTS_MAX", default=1_000, low=1, high=1_000_000
        ),
        idempotency_keys_max=environment.integer("CROSSHOOK_RETRY_KEYS_MAX", default=100_000, low=1, high=10_000_000),
        dashboard_listeners_max=environment.integer(
            "CROSSHOOK_DASHBOARD_LISTENERS_MAX", default=100, low=0, high=10_000
        ),
        address_listeners_max=environment.integer("CROSSHOOK_ADDRESS_LISTENERS_MAX", default=20, low=1, high=10_000),
        operation_hours=environment.integer("CROSSHOOK_OPERATION_HOURS", default=24, low=1, high=8_760),
        body_bytes_max=environment.integer("CROSSHOOK_BODY_BYTES_MAX", default=65_536, low=1_024, high=262_144),
        limits=Limits(
            webhooks_max=environment.integer("CROSSHOOK_WEBHOOKS_MAX", default=1_000, low=1, high=1_000),
            api_keys_max=environment.integer("CROSSHOOK_API_KEYS_MAX", default=100, low=1, high=1_000),
            headers=HeaderLimits(
                headers_max=environment.integer("CROSSHOOK_CUSTOM_HEADERS_MAX", default=64, low=0, high=1_000),
                header_bytes_max=environment.integer(
                    "CROSSHOOK_CUSTOM_HEADER_BYTES_MAX", default=1_024, low=1, high=65_536
                ),
            ),
        ),
        admin_keys=read_admin_keys(environment),
    )
