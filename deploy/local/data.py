"""The directory of the regions' files: a given one that is kept, or a temporary one that is removed at the end."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import DataInUse, NatsServersDiffer, RegionsMissing


@contextmanager
def data_directory(given: Path | None, *, regions: Sequence[str], nats_servers: int) -> Iterator[Path]:
    """The directory `given`, created if missing and locked until the end.

    Without it, a new one that is removed at the end. Raises `DataInUse`, `RegionsMissing` if it holds a region that is
    not among `regions`, and `NatsServersDiffer` if another number of NATS servers keeps the logs of a region.
    """
    if given is None:
        temporary = Path(tempfile.mkdtemp(prefix="crosshook-"))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary)
        return
    given.mkdir(parents=True, exist_ok=True)
    data = given.resolve()
    with _locked(data):
        held = _nats_servers_in(data)
        if left_out := sorted(held.keys() - set(regions)):
            raise RegionsMissing(data=data, left_out=left_out)
        if others := set(held.values()) - {nats_servers}:
            raise NatsServersDiffer(data=data, held=others.pop())
        yield data


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Lock the directory. The kernel releases the lock when this process ends in any way."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DataInUse(data=directory) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _nats_servers_in(data: Path) -> dict[str, int]:
    """The regions with files in `data`, and the number of their NATS servers."""
    return {
        topology.parent.name: len(list(topology.parent.glob("nats*.conf"))) for topology in data.glob("*/topology.toml")
    }
