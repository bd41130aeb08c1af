"""The logins of this process at its region's Redis and at each region's NATS.

They are not in the topology file, because that file is no secret. Each role in each region has its own login.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from core.positions import Region
from core.topology import RegionConfig, Topology


class InvalidCredentials(ValueError):
    """A file of credentials is not valid. The text names the problem and repeats no secret."""


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user and its password."""

    user: str
    password: str

    def into(self, address: str) -> str:
        """`address` with this user in place of the one that it names."""
        parts = urlsplit(address)
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@{place}").geturl()


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Logins at each region's NATS, by region, and at this region's Redis."""

    nats: Mapping[Region, Login] = {}
    redis: Login | None = None

    def into(self, topology: Topology) -> Topology:
        """`topology` with these logins in its addresses."""
        regions = {region: self._into_region(region, config) for region, config in topology.regions.items()}
        return Topology(regions=regions)

    def _into_region(self, region: Region, config: RegionConfig) -> RegionConfig:
        if login := self.nats.get(region):
            config = msgspec.structs.replace(config, nats=[login.into(address) for address in config.nats])
        if self.redis is not None and config.redis:
            config = msgspec.structs.replace(config, redis=self.redis.into(config.redis))
        return config


def read_credentials(path: Path) -> Credentials:
    """The credentials in a TOML file. Raises `InvalidCredentials`, `OSError`."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Credentials)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidCredentials(str(error)) from error
