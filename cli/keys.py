"""`crosshook keys`: issue, list and revoke an organization's API keys."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec
from click.core import ParameterSource

from cli.admin_api import AdminApi, Wait
from cli.admin_errors import AdminError, NotReached, Unanswered
from cli.failure import Misuse, failure
from cli.help import VerbatimGroup
from cli.running import DEFAULT_NAME, name_option, status
from cli.service_call import InvalidUrl, parse_service_url
from cli.tables import WideConsole, keys_table
from core.api_keys import NAME_CHARACTERS_MAX
from core.consistency import Level
from runtime.settings import Environment, InvalidSetting
from service.http.identifiers import uuid_in

ADMIN_KEY = "CROSSHOOK_ADMIN_KEY"

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Target(msgspec.Struct, frozen=True):
    """Which service is asked, and what further commands about it have to add."""

    api: AdminApi
    options: str


def wait_options(command: _Command) -> _Command:
    """The options that say how long to wait for what."""
    consistency = click.option(
        "--consistency",
        type=click.Choice([level.value for level in Level]),
        default=Level.ALL_REGIONS.value,
        show_default=True,
        help="Where it must hold before the command ends.",
    )
    timeout = click.option(
        "--timeout",
        type=click.IntRange(1, 120),
        default=30,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for that.",
    )
    return consistency(timeout(command))


def target_options(command: _Command) -> _Command:
    """The options by which a command finds the service to ask."""
    url = click.option(
        "--url",
        metavar="URL",
        envvar="CROSSHOOK_URL",
        help="Ask the service at http[s]://HOST:PORT instead of a demo.  [default: $CROSSHOOK_URL]",
    )
    return url(name_option(command))


@click.group(cls=VerbatimGroup)
def keys() -> None:
    """Issue, list and revoke an organization's API keys.

    Whoever asks in the name of an organization shows one of its keys, in the header
    SlashID-API-Key. A key is a fact in the log like any other: issued or revoked in
    one region, it is so in every region that has applied that.

    Without --url the running demo is asked. With it a service of a deployment, any
    region's, and the environment has its admin key, since arguments can be seen by
    others, or in CROSSHOOK_ADMIN_KEY_FILE the path of a file with it. The service has
    admin routes only if it was started with such a key.

    Issue and revoke send an Idempotency-Key of their own. A proxy that repeats the
    request then issues no second key. A command that is run again is a new request.

    Examples:
      crosshook keys issue af5fbd30-7ce7-4548-8b30-4cd59cb2aba1
      crosshook keys list af5fbd30-7ce7-4548-8b30-4cd59cb2aba1

    Of a deployment:
      export CROSSHOOK_ADMIN_KEY_FILE=admin-key
      crosshook keys list af5fbd30-7ce7-4548-8b30-4cd59cb2aba1 --url http://10.0.0.7:8080
    """


@keys.command()
@click.argument("organization")
@click.option("--key-name", default="", metavar="TEXT", help="By which people tell it from the organization's others.")
@wait_options
@target_options
def issue(*, organization: str, key_name: str, consistency: str, timeout: int, url: str | None, name: str) -> None:
    """Issue an API key for ORGANIZATION, a UUID.

    The key alone goes to standard output, and words about it to standard error. It
    is shown this once: what is kept cannot be turned back into it.

    Examples:
      crosshook keys issue af5fbd30-7ce7-4548-8b30-4cd59cb2aba1 --key-name billing
      KEY=$(crosshook keys issue $ORG)
    """
    organization_id = _uuid(organization, "ORGANIZATION")
    if len(key_name) > NAME_CHARACTERS_MAX:
        raise Misuse(f"--key-name: expected at most {NAME_CHARACTERS_MAX} characters")
    target = _target(url, name)
    try:
        issued = target.api.issue(organization_id, _wait(consistency, timeout), name=key_name)
    except AdminError as error:
        find_it = f"crosshook keys list {organization_id}{target.options}"
        remedy = f"if it was issued, nobody was shown its text: find its id with `{find_it}`, revoke it, issue another"
        raise _failure(error, if_unfinished=remedy) from error
    revoke_it = f"crosshook keys revoke {organization_id} {issued.id}{target.options}"
    known = f"API key {issued.id}: {_where(consistency)} lets it in. It is shown this once"
    click.echo(f"{known}; revoke it with `{revoke_it}`", err=True)
    try:
        click.echo(issued.key)
    except OSError as error:
        raise click.ClickException(f"the key cannot be written ({error}); revoke it and issue another") from error


@keys.command(name="list")
@click.argument("organization")
@target_options
def list_keys(*, organization: str, url: str | None, name: str) -> None:
    """List the API keys of ORGANIZATION, oldest first.

    Their ids are what they are revoked by. Their text is shown by nothing any more.

    Example:
      crosshook keys list af5fbd30-7ce7-4548-8b30-4cd59cb2aba1
    """
    organization_id = _uuid(organization, "ORGANIZATION")
    target = _target(url, name)
    try:
        found = target.api.keys(organization_id)
    except AdminError as error:
        raise failure(error) from error
    if found:
        WideConsole().print(keys_table(found))
    else:
        issue_one = f"crosshook keys issue {organization_id}{target.options}"
        click.echo(f"organization {organization_id} has no API keys; issue one with `{issue_one}`")


@keys.command()
@click.argument("organization")
@click.argument("key_id")
@wait_options
@target_options
def revoke(*, organization: str, key_id: str, consistency: str, timeout: int, url: str | None, name: str) -> None:
    """Revoke the API key KEY_ID of ORGANIZATION, for good.

    Once it says that the key is revoked everywhere, no request that comes later is
    let in with it, in any region. If it fails, repeat it until it succeeds: a key that
    is revoked already can be revoked again.

    Example:
      crosshook keys revoke af5fbd30-7ce7-4548-8b30-4cd59cb2aba1 01a209cc-d549-7788-b87c-a8c76edb7d8d
    """
    organization_id, found_id = _uuid(organization, "ORGANIZATION"), _uuid(key_id, "KEY_ID")
    target = _target(url, name)
    try:
        target.api.revoke(organization_id, found_id, _wait(consistency, timeout))
    except AdminError as error:
        raise _failure(error, if_unfinished=_still_let_in(error)) from error
    click.echo(f"API key {found_id} is revoked: {_where(consistency)} refuses it")


def _target(url: str | None, name: str) -> Target:
    """The service that the options name. Ends the command if that is not one, or its admin key is not known."""
    is_given = click.get_current_context().get_parameter_source
    if is_given("name") is ParameterSource.COMMANDLINE:
        if is_given("url") is ParameterSource.COMMANDLINE:
            raise Misuse("--name is about a demo and --url about a deployment; give one of them")
        url = None
    if url is None:
        demo = status(name)
        service = parse_service_url(demo.regions[0].services[0].url)
        options = "" if name == DEFAULT_NAME else f" --name {name}"
        return Target(api=AdminApi(service, admin_key=demo.admin_key), options=options)
    try:
        service = parse_service_url(url)
    except InvalidUrl:
        raise Misuse("--url: expected an address such as http://10.0.0.7:8080, without user, query and #") from None
    try:
        admin_key = Environment(os.environ).secret(ADMIN_KEY)
    except InvalidSetting as error:
        raise Misuse(str(error)) from error
    if not admin_key:
        raise Misuse(f"{ADMIN_KEY} is not set; --url needs the admin key that the service was started with in it")
    options = f" --url {service}" if is_given("url") is ParameterSource.COMMANDLINE else ""
    return Target(api=AdminApi(service, admin_key=admin_key), options=options)


def _uuid(text: str, argument: str) -> str:
    """The id that `text` is. What it is otherwise is not repeated, since it may be a key."""
    found = uuid_in(text)
    if found is None:
        raise Misuse(f"{argument}: expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
    return found


def _wait(consistency: str, timeout_seconds: int) -> Wait:
    return Wait(level=Level(consistency), timeout_seconds=timeout_seconds)


def _where(consistency: str) -> str:
    return "every region" if consistency == Level.ALL_REGIONS else "the region that was asked"


def _still_let_in(error: AdminError) -> str:
    """What a revocation that did not come to its end leaves open."""
    if isinstance(error, NotReached) and error.is_committed:
        missing = ", ".join(error.pending)
        repeat = "repeat this until it succeeds; `crosshook lag` shows who is behind"
        return f"until then {missing} may let the key in: {repeat}"
    return "the key may not be revoked: repeat this until it succeeds"


def _failure(error: AdminError, *, if_unfinished: str) -> click.ClickException:
    """How a command ends because of `error`, with what to do where it is not known to have been done everywhere."""
    is_unfinished = isinstance(error, NotReached | Unanswered)
    return click.ClickException(f"{error}; {if_unfinished}") if is_unfinished else failure(error)
