"""`crosshook`, or `python -m cli`."""

import click

from cli.help import WIDTH, LazyGroup

_COMMANDS = {
    "up": "cli.up:up",
    "link": "cli.link:link",
    "lag": "cli.lag.command:lag",
    "keys": "cli.keys:keys",
    "secrets": "cli.secrets:secrets",
    "serve": "cli.processes:serve",
    "replicate": "cli.processes:replicate",
    "probe": "cli.processes:probe",
}


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
)
@click.version_option(package_name="crosshook")
def main() -> None:
    """Run and operate a webhook registry that is active in several regions at once.

    Try it in two terminals:
      crosshook up                     three regions on this machine, until Ctrl-C
      crosshook link cut asia-japan    see the effect of a network partition
      crosshook lag --watch            see how far each region is behind
      crosshook link heal asia-japan

    Run a region:
      crosshook serve                  the HTTP API
      crosshook replicate              the replication between the regions
    """


if __name__ == "__main__":
    main(prog_name="crosshook")
