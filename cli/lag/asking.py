"""Choose the services for `crosshook lag`, and ask them until one answers."""

import http
from collections.abc import Callable, Sequence

import click
import msgspec

from cli.failure import Misuse
from cli.running import status
from cli.service_call import InvalidUrl, NotAnswered, NotConnected, ServiceUrl, call, parse_service_url
from runtime.probe import local_host
from service.dashboard.messages import Present

PATH = "/dashboard/lag"
RESPONSE_SECONDS_MAX = 2.0
"""A service answers from memory."""

_REASONS_MAX = 3

Services = Callable[[], Sequence[ServiceUrl]]
"""Returns the services to ask, the first of them first. A command calls it before each table."""


class NoServiceAnswers(Exception):
    """No service has answered, and why not."""


class _Error(msgspec.Struct, frozen=True):
    message: str


class _Refusal(msgspec.Struct, frozen=True):
    errors: list[_Error]


def services_of_demo(name: str, region: str | None) -> Services:
    """The services of `region`; without one, of every region, and those of a region that is cut off last."""

    def services() -> Sequence[ServiceUrl]:
        found = status(name).regions
        wanted = [one for one in found if region in {None, one.name}]
        if not wanted:
            raise Misuse(f"--region: expected one of {', '.join(one.name for one in found)}, got {region!r}")
        wanted.sort(key=lambda one: one.is_cut)
        return [parse_service_url(process.url) for one in wanted for process in one.services]

    return services


def services_at(urls: Sequence[str]) -> Services:
    """The services at these addresses. Raises `Misuse`."""
    try:
        found = [parse_service_url(url) for url in urls]
    except InvalidUrl:
        raise Misuse("--url: expected a URL such as http://10.0.0.7:8080, without user, query and #") from None
    return lambda: found


def service_beside(host: str, port: int) -> Services:
    """The process that listens at this address of the same machine."""
    return lambda: [ServiceUrl(scheme="http", host=local_host(host), port=port, path="")]


def ask(services: Sequence[ServiceUrl]) -> Present:
    """The present of the first service that answers. Raises `NoServiceAnswers`.

    Each service has 5 s to take the connection and `RESPONSE_SECONDS_MAX` to answer.
    """
    reasons = []
    for service in services:
        try:
            return _ask(service)
        except NoServiceAnswers as error:
            reasons.append(f"{service}: {error}")
    shown = "; ".join(reasons[:_REASONS_MAX])
    more = f"; and {len(reasons) - _REASONS_MAX} more" if len(reasons) > _REASONS_MAX else ""
    raise NoServiceAnswers(f"no service shows the lag: {shown}{more}")


def failure(error: NoServiceAnswers) -> click.ClickException:
    """The error that ends a command if no service answers."""
    return click.ClickException(f"{error}; name the address of a region's service with --url")


def _ask(service: ServiceUrl) -> Present:
    try:
        response = call(service, "GET", PATH, headers={}, seconds_max=RESPONSE_SECONDS_MAX)
    except (NotConnected, NotAnswered) as error:
        raise NoServiceAnswers(str(error)) from error
    try:
        if response.status == http.HTTPStatus.OK:
            return msgspec.json.decode(response.body, type=Present)
        refusal = msgspec.json.decode(response.body, type=_Refusal)
    except msgspec.DecodeError as error:
        raise NoServiceAnswers(f"it answered {response.status}, not as a service of this version does") from error
    words = ", ".join(one.message for one in refusal.errors)
    raise NoServiceAnswers(f"it answered {response.status}: {words}")
