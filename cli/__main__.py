"""`crosshook`, or `python -m cli`."""

import click

from cli.help import VerbatimGroup
from cli.keys import keys
from cli.lag.command import lag
from cli.link import link
from cli.up import up


@click.group(cls=VerbatimGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="crosshook")
def main() -> None:
    """A webhook registry that is active in several regions at once.

    Try it in two terminals:
      crosshook up                     three regions on this machine, until Ctrl-C
      crosshook link cut asia-japan    see what a partition does to them
      crosshook lag --watch            see who is behind whom
      crosshook link heal asia-japan
    """


main.add_command(up)
main.add_command(link)
main.add_command(lag)
main.add_command(keys)

if __name__ == "__main__":
    main(prog_name="crosshook")
