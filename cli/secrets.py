"""`crosshook secrets`: list the secrets of a running demo, and change one of them while it runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from cli.failure import Misuse
from cli.help import VerbatimGroup
from cli.running import do, name_option, options_of, status
from cli.tables import TableConsole
from core.positions import Region
from deploy.kept_secrets import Kept
from deploy.local.control.messages import Status, TakeSecrets
from deploy.local.regions import SECRETS_SECONDS_MAX
from deploy.local.secrets import kept_in, vault_of
from deploy.own_command import own_command
from deploy.rotating import Report, RotationRefused, finish_login, new_login_value, rotate
from deploy.rotation import Subject, UnknownSecret, steps_of, subject_of
from deploy.secrets_table import secrets_table

_TAKE_SECONDS_MAX = SECRETS_SECONDS_MAX + 30.0


@click.group(cls=VerbatimGroup)
def secrets() -> None:
    """List the secrets of a demo, and change one of them while it runs.

    A change has several steps. Meanwhile two values are valid, so no request is
    refused. If the command is interrupted, run it again: it continues.

    These commands are for `crosshook up`. For Docker Compose and Kubernetes see
    docs/operations/secrets.md.

    Examples:
      crosshook secrets list
      crosshook secrets rotate us-iowa/nats/service
    """


@secrets.command(name="list")
@name_option
def list_secrets(name: str) -> None:
    """List every secret, its age, and the change that is under way.

    Example:
      crosshook secrets list
    """
    TableConsole().print(secrets_table(_kept(status(name)).secrets(), now=datetime.now(UTC)))


@secrets.command(name="rotate")
@click.argument("secret", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Print the steps, and do nothing.")
@name_option
def rotate_secret(*, secret: Sequence[str], dry_run: bool, name: str) -> None:
    """Change SECRET, which is the name of a login.

    No request is refused, and no process restarts. The old value is valid until
    the last step. To continue after an interruption, run the same command again.

    Examples:
      crosshook secrets rotate us-iowa/nats/service
      crosshook secrets rotate us-iowa/redis/replicator --dry-run
    """
    running = status(name)
    subject = _subject(secret, _kept(running))
    if dry_run:
        steps = steps_of(subject, ())
        for number, step in enumerate(steps, start=1):
            _show(Report(number, len(steps), step))
        return
    vault = vault_of(Path(running.data))
    try:
        rotate(
            vault,
            subject,
            new_value=partial(new_login_value, now=datetime.now(UTC)),
            apply=lambda: _apply(name, secret),
            report=_show,
            finish=lambda rotation: finish_login(vault, rotation, _regions(running)),
        )
    except RotationRefused as error:
        raise Misuse(str(error)) from error
    click.echo(f"{subject} is changed")


def _apply(name: str, secret: Sequence[str]) -> None:
    try:
        do(name, TakeSecrets(), within_seconds=_TAKE_SECONDS_MAX)
    except click.ClickException:
        again = f"{own_command()} secrets rotate {' '.join(secret)}{options_of(name)}"
        click.echo(f"Both values stay valid. Continue with `{again}`", err=True)
        raise


def _show(report: Report) -> None:
    click.echo(f"{report.number}/{report.count} {report.step.title}")


def _subject(words: Sequence[str], kept: Kept) -> Subject:
    try:
        return subject_of(words, logins=kept.logins, certificates=kept.certificates)
    except UnknownSecret as error:
        raise Misuse(str(error)) from error


def _kept(running: Status) -> Kept:
    return kept_in(vault_of(Path(running.data)), _regions(running))


def _regions(running: Status) -> list[Region]:
    return [Region(region.name) for region in running.regions]
