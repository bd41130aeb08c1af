"""The directory of the regions' files: a given one that is kept, or a temporary one that is removed at the end."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import DataInUse, NatsServersDiffer, RegionsMissing
from deploy.local.private import check_private, close_to_others, make_private


@contextmanager
def data_directory(given: Path | None, *, regions: Sequence[str], nats_servers: int) -> Iterator[Path]:
    """The directory `given`, created if missing and locked until the end.

    Without it, a new one that is removed at the end. Only this user can open the directory and everything in it. Raises
    `DataInUse`, `RegionsMissing` if it holds a region that is not among `regions`, `NatsServersDiffer` if another
    number of NATS servers keeps the logs of a region, and `NotPrivate`.
    """
    if given is None:
        temporary = Path(tempfile.mkdtemp(prefix="crosshook-"))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary)
        return
    data = _private(given)
    with _locked(data):
        close_to_others(data)
        held = _nats_servers_in(data)
        if left_out := sorted(held.keys() - set(regions)):
            raise RegionsMissing(data=data, left_out=left_out)
        if others := set(held.values()) - {nats_servers}:
            raise NatsServersDiffer(data=data, held=others.pop())
        yield data


def _private(given: Path) -> Path:
    """The directory `given`, made if it is missing. Raises `NotPrivate`.

    One that is empty or holds regions is closed to other users: an earlier version left it open to readers. One with
    anything else in it, or to which all users can write, may be shared on purpose.
    """
    data = given.resolve()
    if data.exists() and not _may_be_closed(data):
        check_private(data)
        return data
    return make_private(data)


def _may_be_closed(data: Path) -> bool:
    found = data.stat()
    if found.st_uid != os.getuid() or found.st_mode & stat.S_IWOTH:
        return False
    return not any(data.iterdir()) or bool(_nats_servers_in(data))


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
