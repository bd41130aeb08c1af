"""`python -m cli.compose_guide REGION=URL...`: print the lines to paste once all containers are ready.

The URLs are those by which the reader's shell reaches each region's service. The service in `CROSSHOOK_URL` issues the
API key, as for `crosshook keys`.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from cli.admin_errors import AdminError
from cli.example_key import example_key
from cli.failure import Misuse, failure
from cli.guide import ORGANIZATION, Commands, Place, guide
from runtime.settings import Environment, InvalidSetting


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="REGION=URL...")
@click.option("--url", envvar="CROSSHOOK_URL", required=True, help="The URL of the service that issues the API key.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    required=True,
    help="The directory that keeps the API key for the next time.",
)
def main(places: Sequence[str], url: str, directory: Path) -> None:
    """Print lines that register a webhook, create triggers, and cut off the last of the regions."""
    named = [Place(*place.split("=", 1)) for place in places if "=" in place]
    if len(named) < len(places):
        raise Misuse("expected arguments such as us-iowa=http://127.0.0.1:8081")
    try:
        admin_key = Environment(os.environ).secret("CROSSHOOK_ADMIN_KEY")
        api_key = example_key(directory, services=[url], admin_key=admin_key, name="docker compose up")
    except InvalidSetting as error:
        raise Misuse(str(error)) from error
    except AdminError as error:
        raise failure(error) from error
    commands = Commands(
        link=f"docker compose exec {named[-1].name}-link crosshook link",
        # -T: without a terminal, so that a shell variable can keep what it prints.
        keys="docker compose run --rm -T crosshook keys",
    )
    click.echo(f"ready; organization {ORGANIZATION}\n")
    for step in guide(named, api_key=api_key, commands=commands):
        click.echo(f"{step.heading}\n\n{step.lines}\n")


if __name__ == "__main__":
    main()
