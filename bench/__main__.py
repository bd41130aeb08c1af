"""`python -m bench`."""

import signal
import sys

import click

from bench.cost import cost
from bench.figures import figures
from cli.help import VerbatimGroup


class _WithDefault(VerbatimGroup):
    """A group whose first command need not be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name it, unless another one, or help, is asked for."""
        is_named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else [next(iter(self.commands)), *args])


@click.group(cls=_WithDefault, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure how fast the program is, and what parts of it cost.

    Every command starts regions of its own on this machine (127.0.0.1 only), and
    ends them. Without a command it is `figures`.

    Examples:
      python -m bench
      python -m bench cost
      python -m bench cost --help
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Ends the regions as well.


main.add_command(figures)
main.add_command(cost)

if __name__ == "__main__":
    main(prog_name="python -m bench")
