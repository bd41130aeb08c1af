"""The files with a process's logins and certificates. A process takes them again when they change (ADR 34)."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog
from prometheus_client import Gauge

from core.certificates import Certificate
from core.topology import Topology
from runtime.certificate_files import certificates_in
from runtime.reminders import Reminders
from runtime.secret_names import WRITTEN

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""How often the files are looked at. An unchanged file costs one `stat`."""

TAKEN = Gauge(
    WRITTEN,
    "When the newest of the files of logins and certificates was written whose content all connections use",
)
EXPIRES = Gauge(
    "crosshook_certificate_expiry_timestamp_seconds",
    "When a certificate expires that this process shows, trusts, or is shown by a server",
    ["of", "name"],
)

OWN, AUTHORITY = "own", "authority"


class Secrets(NamedTuple):
    """The logins, in the topology's addresses, and the TLS settings."""

    topology: Topology
    tls: ssl.SSLContext


class Source(Protocol):
    """Reads the settings whose files changed. Both methods raise `ValueError`."""

    def with_credentials(self, topology: Topology) -> Topology:
        """`topology` with the logins in the file of credentials."""

    def tls(self) -> ssl.SSLContext:
        """The TLS settings."""


class TlsPaths(NamedTuple):
    """The files of the TLS settings; None for those that are not set."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class Stamp(NamedTuple):
    """The state of a file. It differs after every change, also if a link leads to another file."""

    path: Path
    written_nanoseconds: int
    inode: int
    size: int


class SecretFiles:
    """The files, and what was last read from them."""

    def __init__(self, source: Source, topology: Topology, *, credentials: Path | None, tls: TlsPaths) -> None:
        """`topology` has the logins of the moment already."""
        self._source = source
        self._credentials = credentials
        self._tls = tls
        self._stamps = self._look()
        self.secrets = Secrets(source.with_credentials(topology), source.tls())

    @property
    def written_seconds(self) -> float:
        """When the newest file that was read was written; 0 if there is none."""
        return max((stamp.written_nanoseconds for stamp in self._stamps), default=0) / 1e9

    def read_again(self) -> bool:
        """Read the files that have changed. Returns whether any has. Raises `ValueError`, `OSError`.

        After an error they count as changed: half of a certificate and its key may have been written.
        """
        stamps = self._look()
        changed = {stamp.path for stamp in set(stamps) - set(self._stamps)}
        if not changed:
            return False
        topology, tls = self.secrets
        if self._credentials in changed:
            topology = self._source.with_credentials(topology)
        if changed & set(self._tls):
            tls = self._source.tls()
        self._stamps, self.secrets = stamps, Secrets(topology, tls)
        return True

    def certificates(self) -> dict[str, Certificate]:
        """The certificate that this process shows, and that of its authorities that expires first."""
        files = {OWN: self._tls.certificate, AUTHORITY: self._tls.authority}
        found = {of: certificates_in(path.read_text(encoding="utf-8")) for of, path in files.items() if path}
        # The first in the file is the process's own. Others after it are of intermediate authorities.
        first = {of: all_of[:1] if of == OWN else all_of for of, all_of in found.items()}
        return {of: min(some, key=lambda one: one.expires_seconds) for of, some in first.items() if some}

    def _look(self) -> list[Stamp]:
        stamps = []
        for path in filter(None, (self._credentials, *self._tls)):
            found = path.stat()
            stamps.append(Stamp(path, found.st_mtime_ns, found.st_ino, found.st_size))
        return stamps


async def follow(
    files: SecretFiles,
    use: Callable[[Secrets], Awaitable[str]],
    *,
    shown: Callable[[], Mapping[str, Certificate]],
) -> None:
    """Until cancelled, `use` the secrets whenever a file of them changes, and keep the metrics.

    `use` returns why a server did not accept them, or `""`. Then, and if a file cannot be read, this process continues
    with the last secrets and tries again. `shown` returns the certificates of servers, by server.
    """
    reminders = Reminders()
    is_used = True
    own = _own_certificates(files)
    TAKEN.set(files.written_seconds)
    while True:
        _expose({**own, **shown()})
        await asyncio.sleep(LOOK_SECONDS)
        try:
            is_changed = files.read_again()
            why_not = await use(files.secrets) if is_changed or not is_used else ""
        except (OSError, ValueError) as error:
            is_used, why_not = False, str(error)
        else:
            if is_changed:
                own = _own_certificates(files)
            if not why_not and (is_changed or not is_used):
                TAKEN.set(files.written_seconds)
                log.info("new secrets in use")
            is_used = not why_not
        if why_not and reminders.is_due("secrets", why_not):
            log.warning("new secrets not in use", why=why_not)


def _own_certificates(files: SecretFiles) -> dict[str, Certificate]:
    try:
        return files.certificates()
    except (OSError, ValueError) as error:
        log.warning("a certificate cannot be read", why=str(error))
        return {}


def _expose(certificates: Mapping[str, Certificate]) -> None:
    """Replace all series. No series of an earlier certificate stays."""
    EXPIRES.clear()
    for of, certificate in certificates.items():
        EXPIRES.labels(of, certificate.name).set(certificate.expires_seconds)
