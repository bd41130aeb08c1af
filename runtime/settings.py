"""Settings from the environment, each checked once, before any connection."""

import re
import ssl
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from core.positions import Region
from core.redaction import without_login
from core.topology import InvalidTopology, Topology, parse_topology
from runtime.clock import Clock
from runtime.credentials import InvalidCredentials, read_credentials
from runtime.secret_files import SecretFiles, TlsPaths
from runtime.secret_names import CREDENTIALS, TLS

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

TRACES_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""OpenTelemetry's variables for the address of traces, and of all signals. The first that is set counts."""

IDLE_SECONDS = 75.0
"""How long a client's connection may be idle: since it was made, or since its last response.

Many proxies keep an idle connection for 60 s. The proxy must close it first: a request in flight is lost if this
process closes the connection.
"""

_URL = re.compile(r"https?://[!-.0-~]+(?:/[!-~]*)?")
SECRET = re.compile("[!-~]{32,256}")
"""A secret: printable ASCII characters without spaces."""


class InvalidSetting(ValueError):
    """An invalid setting, such as `CROSSHOOK_DRAIN_SECONDS: expected a number from 0 to 60, got 'soon'`."""

    def __init__(self, name: str, expected: str, got: str | None) -> None:
        super().__init__(f"{name}: expected {expected}, " + ("but it is not set" if got is None else f"got {got!r}"))


class SpanBatches(NamedTuple):
    """The batches in which spans are sent: OpenTelemetry's `OTEL_BSP_*` and its defaults."""

    queue_spans_max: int = 2_048
    batch_spans_max: int = 512
    delay_milliseconds: int = 5_000
    timeout_milliseconds: int = 30_000


class TracesEndpoint(NamedTuple):
    """The address that traces are sent to, the variable that names it, and the batches."""

    variable: str
    url: str
    batches: SpanBatches = SpanBatches()


class Environment:
    """`CROSSHOOK_*` variables. Each method reads one of them or raises `InvalidSetting`."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def number(self, name: str, *, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        text = self._variables.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise InvalidSetting(name, f"a number from {low:g} to {high:g}", text)
        return value

    def integer(self, name: str, *, default: int, low: int, high: int) -> int:
        """An integer from `low` to `high`."""
        text = self._variables.get(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            raise InvalidSetting(name, f"an integer from {low} to {high}", text) from None
        if not low <= value <= high:
            raise InvalidSetting(name, f"an integer from {low} to {high}", text)
        return value

    def clock(self) -> Clock:
        """The machine's clock with the offset of a setting."""
        century = 3_155_760_000_000
        return Clock(self.integer("CROSSHOOK_CLOCK_OFFSET_MILLISECONDS", default=0, low=-century, high=century))

    def choice(self, name: str, *, default: E) -> E:
        """One of an enumeration's values."""
        text = self._variables.get(name)
        if text is None:
            return default
        kind = type(default)
        try:
            return kind(text)
        except ValueError:
            raise InvalidSetting(name, "one of " + ", ".join(kind), text) from None

    def parsed(self, name: str, parse: Callable[[str], T], *, expected: str) -> T:
        """What `parse` makes of a variable's text, `""` if it is not set. `parse` raises `ValueError`."""
        text = self._variables.get(name, "")
        try:
            return parse(text)
        except ValueError:
            raise InvalidSetting(name, expected, text) from None

    def secret(self, name: str) -> str:
        """A secret of 32 to 256 printable ASCII characters, or `""` if it is not set. Errors do not repeat it.

        It may also be in a file: `CROSSHOOK_ADMIN_KEY_FILE` names the file of `CROSSHOOK_ADMIN_KEY`.
        """
        text = self.text(name)
        if text and not SECRET.fullmatch(text):
            raise InvalidSetting(name, "32 to 256 printable ASCII characters without spaces", "something else")
        return text

    def text(self, name: str) -> str:
        """The text of a variable, or of the file that the variable with the same name and `_FILE` names.

        It is `""` if neither is set.
        """
        text = self._variables.get(name, "")
        if path := self._variables.get(f"{name}_FILE"):
            if text:
                raise InvalidSetting(f"{name}_FILE", f"nothing where {name} is set", path)
            text = self._text_in(path, named_by=f"{name}_FILE")
        return text

    def flag(self, name: str) -> bool:
        """`true` or `false`; false if it is not set."""
        text = self._variables.get(name, "false")
        if text not in ("true", "false"):
            raise InvalidSetting(name, "true or false", text)
        return text == "true"

    def address(self, name: str, *, default: str) -> tuple[str, int]:
        """A host and a port."""
        text = self._variables.get(name, default)
        host, _, port = text.rpartition(":")
        highest_port = 65535
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= highest_port:
            raise InvalidSetting(name, "HOST:PORT such as 127.0.0.1:8081", text)
        return host.removeprefix("[").removesuffix("]"), int(port)

    def idle_seconds(self) -> float:
        """How long a client's connection may be idle."""
        return self.number("CROSSHOOK_IDLE_SECONDS", default=IDLE_SECONDS, low=1, high=86_400)

    def url(self, name: str) -> str:
        """An http or https address, or `""` if it is not set."""
        text = self._variables.get(name, "")
        if text and not _URL.fullmatch(text):
            raise InvalidSetting(name, "http://HOST:PORT or https://HOST:PORT", without_login(text))
        return text

    def traces_endpoint(self) -> TracesEndpoint | None:
        """The address that traces are sent to, or None if no variable names one."""
        found = [(name, self.url(name)) for name in TRACES_ENDPOINTS]
        return next((TracesEndpoint(name, url, self._span_batches()) for name, url in found if url), None)

    def _span_batches(self) -> SpanBatches:
        """Checked here: the SDK's errors name no variable, and some are only logged with a traceback."""
        usual = SpanBatches()
        queue = self._bsp("MAX_QUEUE_SIZE", default=usual.queue_spans_max)
        return SpanBatches(
            queue_spans_max=queue,
            batch_spans_max=self._bsp("MAX_EXPORT_BATCH_SIZE", default=min(usual.batch_spans_max, queue), high=queue),
            delay_milliseconds=self._bsp("SCHEDULE_DELAY", default=usual.delay_milliseconds),
            timeout_milliseconds=self._bsp("EXPORT_TIMEOUT", default=usual.timeout_milliseconds),
        )

    def _bsp(self, name: str, *, default: int, high: int = 1_000_000) -> int:
        """A variable of the batch processor. An empty one counts as not set, as in all of OpenTelemetry."""
        name = f"OTEL_BSP_{name}"
        return self.integer(name, default=default, low=1, high=high) if self._variables.get(name) else default

    def place(self, *, refusal_of_redis: Callable[[str], str] = lambda _address: "") -> tuple[Topology, Region]:
        """The topology with this process's credentials in its addresses, and the process's region.

        `refusal_of_redis` returns the reason why an address of Redis is invalid, or `""`.
        """
        path, region = self._variables.get("CROSSHOOK_TOPOLOGY"), self._variables.get("CROSSHOOK_REGION")
        if not path:
            raise InvalidSetting("CROSSHOOK_TOPOLOGY", "the path of a topology file", path)
        if not region:
            raise InvalidSetting("CROSSHOOK_REGION", "the name of a region of the topology file", region)
        try:
            topology = parse_topology(tomllib.loads(Path(path).read_text(encoding="utf-8")), here=region)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting("CROSSHOOK_TOPOLOGY", f"a file that can be read ({error})", path) from error
        except (tomllib.TOMLDecodeError, InvalidTopology) as error:
            raise InvalidSetting("CROSSHOOK_TOPOLOGY", f"a valid topology ({error})", path) from error
        if why := refusal_of_redis(topology.regions[Region(region)].redis):
            raise InvalidSetting("CROSSHOOK_TOPOLOGY", f"a valid topology (region {region}: redis: {why})", path)
        return self.with_credentials(topology), Region(region)

    def tls(self) -> ssl.SSLContext:
        """The TLS settings for servers at `tls://` and `rediss://` addresses.

        Without an authority it trusts the system's. Without a certificate it shows none.
        """
        authority = self._variables.get("CROSSHOOK_TLS_AUTHORITY")
        certificate, key = map(self._variables.get, ("CROSSHOOK_TLS_CERTIFICATE", "CROSSHOOK_TLS_KEY"))
        try:
            context = ssl.create_default_context(cafile=authority or None)
        except OSError as error:
            expected = f"a file with the certificates of authorities ({error})"
            raise InvalidSetting("CROSSHOOK_TLS_AUTHORITY", expected, authority) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if certificate:
            try:
                context.load_cert_chain(certificate, key)
            except OSError as error:
                expected = f"a certificate that belongs to the key in CROSSHOOK_TLS_KEY ({error})"
                raise InvalidSetting("CROSSHOOK_TLS_CERTIFICATE", expected, certificate) from error
        elif key:
            raise InvalidSetting("CROSSHOOK_TLS_CERTIFICATE", "the certificate of CROSSHOOK_TLS_KEY", None)
        return context

    def secret_files(self, topology: Topology) -> SecretFiles:
        """The files with the logins of `topology` and with the TLS settings, as they are now."""
        credentials, *tls = (
            Path(path) if (path := self._variables.get(name)) else None for name in (CREDENTIALS, *TLS)
        )
        return SecretFiles(self, topology, credentials=credentials, tls=TlsPaths(*tls))

    def _text_in(self, path: str, *, named_by: str) -> str:
        """A file's text without its last line break."""
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(named_by, f"a file that can be read ({error})", path) from error

    def with_credentials(self, topology: Topology) -> Topology:
        """`topology` with this process's logins in its addresses."""
        path = self._variables.get("CROSSHOOK_CREDENTIALS")
        if not path:
            return topology
        try:
            return read_credentials(Path(path)).into(topology)
        except (OSError, InvalidCredentials) as error:
            raise InvalidSetting("CROSSHOOK_CREDENTIALS", f"a file of credentials ({error})", path) from error
