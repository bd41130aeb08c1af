"""The directory that the regions' files are in: given and kept, or temporary and gone at the end."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import DataInUse, DataMismatch


@contextmanager
def data_directory(given: Path | None, *, regions: Sequence[str]) -> Iterator[Path]:
    """`given`, created if it is not there, ours alone until the end; without it a new one that is removed at the end.

    Raises `DataInUse`, and `DataMismatch` if it holds a region that is not among `regions`.
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
        if left_out := sorted(_regions_in(data) - set(regions)):
            raise DataMismatch(data=data, left_out=left_out)
        yield data


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """The kernel gives the lock back when this process ends, however it does."""
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


def _regions_in(data: Path) -> set[str]:
    return {topology.parent.name for topology in data.glob("*/topology.toml")}
