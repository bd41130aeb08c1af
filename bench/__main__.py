"""`python -m bench`."""

import signal
import sys

import click

from bench.compare import compare
from bench.draw import draw
from bench.figures import figures
from bench.scale import scale
from cli.help import VerbatimGroup


class _WithDefault(VerbatimGroup):
    """A group that runs its first command if the command line names none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the first command's name in front, unless a command or help is named."""
        is_named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else [next(iter(self.commands)), *args])


@click.group(cls=_WithDefault, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure how fast crosshook is.

    Each command starts its own regions on this machine (127.0.0.1 only) and ends
    them. The default command is `figures`.

    Examples:
      python -m bench --quick
      python -m bench --against ../before --json figures.json
      python -m bench scale --quick
      python -m bench compare --servers
      python -m bench compare --help
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Ends the regions as well.


main.add_command(figures)
main.add_command(scale)
main.add_command(compare)
main.add_command(draw)

if __name__ == "__main__":
    main(prog_name="python -m bench")
