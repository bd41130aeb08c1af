"""The regions, and where their servers are."""

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from core.positions import Region
from core.redaction import without_login
from core.stamps import origin_code

REGIONS_MAX = 10
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_PRINTABLE = re.compile(r"[!-~]+")
_DATABASE = re.compile(r"/?[0-9]*")


class RegionState(StrEnum):
    """A region's state. Joining: it receives events, and no request waits for it. Retired: it counts as reached."""

    JOINING = "joining"
    ACTIVE = "active"
    RETIRED = "retired"


class RegionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One region's servers, as seen from the region whose topology file this is.

    `tls_name` is the name in the certificate of its NATS servers; `""`: the host in their address.
    """

    nats: list[str] = msgspec.field(default_factory=list)
    tls_name: str = ""
    redis: str = ""
    state: RegionState = RegionState.ACTIVE
    replicas: int = 1


class InvalidTopology(ValueError):
    """A topology that crosshook cannot use. The text says what to change."""


class Topology(msgspec.Struct, frozen=True):
    """Every configured region. "All" means these, whether they answer or not."""

    regions: Mapping[Region, RegionConfig]

    def others(self, here: Region) -> tuple[Region, ...]:
        """The regions that `here` exchanges events with."""
        return tuple(
            name for name, config in self.regions.items() if name != here and config.state is not RegionState.RETIRED
        )

    def waited_for(self) -> frozenset[Region]:
        """The regions that `all_regions` waits for."""
        return frozenset(name for name, config in self.regions.items() if config.state is RegionState.ACTIVE)


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    regions: dict[str, object]


def parse_topology(document: object, *, here: str) -> Topology:
    """The topology in a parsed TOML `document`, seen from region `here`. Raises `InvalidTopology`."""
    try:
        described = msgspec.convert(document, _Document).regions
    except msgspec.ValidationError as error:
        raise InvalidTopology(str(error)) from error
    regions = {name: _region(name, description) for name, description in described.items()}
    if not 1 <= len(regions) <= REGIONS_MAX:
        raise InvalidTopology(f"expected 1 to {REGIONS_MAX} regions, got {len(regions)}")
    if here not in regions:
        raise InvalidTopology(f"no region {here!r}; there are {', '.join(regions)}")
    for name, config in regions.items():
        _check(name, config, is_here=name == here)
    if len({origin_code(Region(name)) for name in regions}) < len(regions):
        raise InvalidTopology("two region names share a code; rename one of them")
    return Topology(regions={Region(name): config for name, config in regions.items()})


def _region(name: str, description: object) -> RegionConfig:
    try:
        return msgspec.convert(description, RegionConfig)
    except msgspec.ValidationError as error:
        raise InvalidTopology(f"region {name!r}: {error}") from error


def _check(name: str, config: RegionConfig, *, is_here: bool) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidTopology(f"region {name!r}: expected 1 to 32 of a-z, 0-9 and -, with no - at either end")
    if config.state is RegionState.RETIRED and not is_here:
        return
    if not config.nats:
        raise InvalidTopology(f"region {name}: nats: expected at least one address such as nats://host:4222")
    for address in config.nats:
        if not _is_server(address, "nats", "tls"):
            raise _bad_address(name, "nats: expected nats://HOST:PORT or tls://HOST:PORT", address)
    if config.tls_name and not _PRINTABLE.fullmatch(config.tls_name):
        raise InvalidTopology(f"region {name}: tls_name: expected the name in a certificate, got {config.tls_name!r}")
    if is_here and not config.redis:
        raise InvalidTopology(f"region {name}: redis: expected an address such as redis://host:6379/0")
    if config.redis and not _is_redis(config.redis):
        expected = "redis: expected redis://HOST:PORT/DATABASE, rediss://HOST:PORT/DATABASE or unix:///PATH"
        raise _bad_address(name, expected, config.redis)
    if config.replicas not in (1, 3, 5):
        raise InvalidTopology(f"region {name}: replicas: expected 1, 3 or 5, got {config.replicas}")


def _is_redis(address: str) -> bool:
    if address.startswith("unix://"):
        return _PRINTABLE.fullmatch(address) is not None and urlsplit(address).path not in ("", "/")
    return _is_server(address, "redis", "rediss") and _DATABASE.fullmatch(urlsplit(address).path) is not None


def _is_server(address: str, *schemes: str) -> bool:
    """Whether it has one of `schemes`, as the clients spell them, a host, and no invalid port."""
    if address.partition("://")[0] not in schemes or not _PRINTABLE.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _bad_address(region: str, expected: str, got: str) -> InvalidTopology:
    return InvalidTopology(f"region {region}: {expected}, got {without_login(got)!r}")
