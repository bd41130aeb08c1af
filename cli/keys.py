"""`crosshook keys`: issue, list and revoke an organization's API keys."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import msgspec
from click.core import ParameterSource

from cli.admin_api import AdminApi, Wait
from cli.admin_errors import AdminError, NotReached, Unanswered
from cli.failure import Misuse, failure
from cli.help import VerbatimGroup
from cli.key_restrictions import restriction_options, restrictions_of
from cli.keys_table import keys_table
from cli.parameter_types import Integer
from cli.running import name_option, options_of, status
from cli.service_call import InvalidUrl, parse_service_url
from cli.tables import TableConsole
from core.api_keys import NAME_CHARACTERS_MAX
from core.consistency import Level
from deploy.own_command import own_command
from runtime.settings import Environment, InvalidSetting
from service.http.identifiers import uuid_in

ADMIN_KEY = "CROSSHOOK_ADMIN_KEY"

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Target(msgspec.Struct, frozen=True):
    """The service to ask, and the options that further commands about it need."""

    api: AdminApi
    options: str


def wait_options(command: _Command) -> _Command:
    """The options for the level that a write waits for, and for how long."""
    consistency = click.option(
        "--consistency",
        type=click.Choice([level.value for level in Level]),
        default=Level.ALL_REGIONS.value,
        show_default=True,
        help="The regions that must have applied it before the command ends.",
    )
    timeout = click.option(
        "--timeout",
        type=Integer(1, 120),
        default=30,
        show_default=True,
        metavar="SECONDS",
        help="The longest time to wait for that.",
    )
    return consistency(timeout(command))


def target_options(command: _Command) -> _Command:
    """The options that name the service to ask."""
    url = click.option(
        "--url",
        metavar="URL",
        envvar="CROSSHOOK_URL",
        help="The service to ask, http[s]://HOST:PORT, instead of a demo.  [default: $CROSSHOOK_URL]",
    )
    return url(name_option(command))


@click.group(cls=VerbatimGroup)
def keys() -> None:
    """Issue, list and revoke an organization's API keys.

    Every request for an organization has one of its API keys in the header
    SlashID-API-Key. A key can be issued or revoked in any region. The other
    regions follow as soon as they have applied the event.

    Without --url the command asks the running demo. With --url it asks a service
    of a deployment, in any region. The admin key of that service must be in
    CROSSHOOK_ADMIN_KEY, or in a file whose path is in CROSSHOOK_ADMIN_KEY_FILE.
    It is no argument, since other users can see arguments. A service that was
    started without an admin key has no admin routes.

    `issue` and `revoke` send a new Idempotency-Key. A proxy that repeats the
    request issues no second key. Running the command again is a new request.

    Examples:
      ORG=af5fbd30-7ce7-4548-8b30-4cd59cb2aba1
      crosshook keys issue $ORG
      crosshook keys list $ORG

    For a deployment:
      export CROSSHOOK_ADMIN_KEY_FILE=admin-key
      crosshook keys list $ORG --url http://10.0.0.7:8080
    """


@keys.command()
@click.argument("organization")
@click.option("--key-name", default="", metavar="TEXT", help="A label for the key.")
@restriction_options
@wait_options
@target_options
def issue(
    *,
    organization: str,
    key_name: str,
    scopes: tuple[str, ...],
    expires_in: str | None,
    expires_at: str | None,
    consistency: str,
    timeout: int,
    url: str | None,
    name: str,
) -> None:
    """Issue an API key for ORGANIZATION, a UUID.

    The key alone goes to standard output, and a note about it to standard error.
    It is shown only once: the registry keeps a hash of it.

    Examples:
      crosshook keys issue af5fbd30-7ce7-4548-8b30-4cd59cb2aba1 --key-name billing
      KEY=$(crosshook keys issue $ORG)
      crosshook keys issue $ORG --scope read --expires-in 90d
    """
    organization_id = _uuid(organization, "ORGANIZATION")
    if len(key_name) > NAME_CHARACTERS_MAX:
        raise Misuse(f"--key-name: expected at most {NAME_CHARACTERS_MAX} characters")
    restrictions = restrictions_of(scopes, expires_in, expires_at)
    target = _target(url, name)
    try:
        issued = target.api.issue(
            organization_id, _wait(consistency, timeout), name=key_name, restrictions=restrictions.members()
        )
    except AdminError as error:
        find_it = f"{own_command()} keys list {organization_id}{target.options}"
        remedy = f"if it was issued, its text was not shown: find its id with `{find_it}`, revoke it, and issue another"
        raise _failure(error, if_unfinished=remedy) from error
    revoke_it = f"{own_command()} keys revoke {organization_id} {issued.id}{target.options}"
    if not restrictions.hold_of(issued):
        raise click.ClickException(
            f"the service is older than restrictions, so API key {issued.id} has none; revoke it with `{revoke_it}`"
        )
    known = f"API key {issued.id}: {_where(consistency)} accepts it. It is shown only once"
    click.echo(f"{known}; revoke it with `{revoke_it}`", err=True)
    try:
        click.echo(issued.key)
    except OSError as error:
        raise click.ClickException(
            f"the key cannot be written to standard output ({error}); revoke it and issue another"
        ) from error


@keys.command(name="list")
@click.argument("organization")
@target_options
def list_keys(*, organization: str, url: str | None, name: str) -> None:
    """List the API keys of ORGANIZATION, oldest first.

    A key that is expired, or will be within 30 days, is marked. An expired key
    counts among the organization's keys until it is revoked.

    `crosshook keys revoke` takes a key's id. No command shows a key's text again.

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
        TableConsole().print(keys_table(found, now=datetime.now(UTC)))
    else:
        issue_one = f"{own_command()} keys issue {organization_id}{target.options}"
        click.echo(f"organization {organization_id} has no API keys; issue one with `{issue_one}`")


@keys.command()
@click.argument("organization")
@click.argument("key_id")
@wait_options
@target_options
def revoke(*, organization: str, key_id: str, consistency: str, timeout: int, url: str | None, name: str) -> None:
    """Revoke the API key KEY_ID of ORGANIZATION, permanently.

    After it has succeeded, every region refuses each later request with this key.
    If it fails, repeat it until it succeeds: a revoked key can be revoked again.

    Example:
      crosshook keys revoke $ORG 01a209cc-d549-7788-b87c-a8c76edb7d8d
    """
    organization_id, found_id = _uuid(organization, "ORGANIZATION"), _uuid(key_id, "KEY_ID")
    target = _target(url, name)
    try:
        target.api.revoke(organization_id, found_id, _wait(consistency, timeout))
    except AdminError as error:
        raise _failure(error, if_unfinished=_still_let_in(error)) from error
    click.echo(f"API key {found_id} is revoked: {_where(consistency)} refuses it")


def _target(url: str | None, name: str) -> Target:
    """The service that the options name. Ends the command if the URL is wrong or there is no admin key."""
    is_given = click.get_current_context().get_parameter_source
    if is_given("name") is ParameterSource.COMMANDLINE:
        if is_given("url") is ParameterSource.COMMANDLINE:
            raise Misuse("--name names a demo and --url a deployment; give only one of them")
        url = None
    if url is None:
        demo = status(name)
        service = parse_service_url(demo.regions[0].services[0].url)
        return Target(api=AdminApi(service, admin_key=demo.admin_key), options=options_of(name))
    try:
        service = parse_service_url(url)
    except InvalidUrl:
        raise Misuse("--url: expected a URL such as http://10.0.0.7:8080, without user, query and #") from None
    try:
        admin_key = Environment(os.environ).secret(ADMIN_KEY)
    except InvalidSetting as error:
        raise Misuse(str(error)) from error
    if not admin_key:
        raise Misuse(f"{ADMIN_KEY} is not set; --url needs it, with the admin key that the service was started with")
    options = f" --url {service}" if is_given("url") is ParameterSource.COMMANDLINE else ""
    return Target(api=AdminApi(service, admin_key=admin_key), options=options)


def _uuid(text: str, argument: str) -> str:
    """The UUID in `text`. The error does not repeat the text, since it may be a key."""
    found = uuid_in(text)
    if found is None:
        raise Misuse(f"{argument}: expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
    return found


def _wait(consistency: str, timeout_seconds: int) -> Wait:
    return Wait(level=Level(consistency), timeout_seconds=timeout_seconds)


def _where(consistency: str) -> str:
    return "every region" if consistency == Level.ALL_REGIONS else "this region"


def _still_let_in(error: AdminError) -> str:
    """The state after an unfinished revocation, and what to do."""
    if isinstance(error, NotReached) and error.is_committed:
        missing = ", ".join(error.pending)
        repeat = f"repeat the command until it succeeds; `{own_command()} lag` shows which regions are behind"
        return f"until then {missing} may accept the key: {repeat}"
    return "the key may still be valid: repeat the command until it succeeds"


def _failure(error: AdminError, *, if_unfinished: str) -> click.ClickException:
    """The exception that ends a command because of `error`. Unfinished work gets the remedy `if_unfinished`."""
    is_unfinished = isinstance(error, NotReached | Unanswered)
    return click.ClickException(f"{error}; {if_unfinished}") if is_unfinished else failure(error)
