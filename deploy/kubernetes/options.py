"""The options that the secrets were made with. Every later run must have the same."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.kubernetes.secret_files import Shape
from deploy.logins import write_private

OPTIONS_FILE = "options"
"""Without a suffix: `REGION.json` beside it can be of a region with any name."""


class OtherOptions(Exception):
    """The secrets in the directory were made with other options."""

    def __init__(self, *, made_with: str) -> None:
        super().__init__(f"made with {made_with}")
        self.made_with = made_with


class Options(msgspec.Struct, frozen=True):
    """The options of all regions. An additional or missing region is not a different option."""

    nats_servers: Mapping[Region, int]
    nats_disk_gibibytes: int
    namespace: str
    with_certificates: bool

    def shape(self, region: Region) -> Shape:
        """The shape of one region."""
        return Shape(nats_servers=self.nats_servers[region], nats_disk_gibibytes=self.nats_disk_gibibytes)

    def fits(self, other: "Options") -> bool:
        """Whether the options differ only in regions that one of them lacks."""
        known = self.nats_servers.keys() & other.nats_servers.keys()
        return all(self.nats_servers[region] == other.nats_servers[region] for region in known) and (
            msgspec.structs.replace(self, nats_servers=other.nats_servers) == other
        )

    def __str__(self) -> str:
        """The options as on the command line."""
        return " ".join(self._given())

    def _given(self) -> Iterator[str]:
        for region, count in self.nats_servers.items():
            if count == 1:
                yield f"--one-nats-server {region}"
        yield f"--nats-disk {self.nats_disk_gibibytes}"
        yield f"--namespace {self.namespace}"
        if not self.with_certificates:
            yield "--no-certificates"


def keep_options(directory: Path, options: Options) -> None:
    """Keep `options` in `directory`, beside the secrets that are made with them.

    Raises `OtherOptions`, and changes nothing, if other options are kept there. Raises `msgspec.DecodeError` if they
    cannot be read.
    """
    path = directory / OPTIONS_FILE
    if path.exists():
        kept = msgspec.json.decode(path.read_bytes(), type=Options)
        if not options.fits(kept):
            raise OtherOptions(made_with=str(kept))
    write_private(path, msgspec.json.format(msgspec.json.encode(options)).decode() + "\n")
