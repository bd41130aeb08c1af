"""`crosshook serve`, `crosshook replicate` and `crosshook probe`: the processes of a region, and their readiness.

Each command imports its process only when it is called. Containers start the same modules with `python -m`.
"""

import os
import sys

import click

from cli.help import VerbatimCommand


@click.command(cls=VerbatimCommand)
def serve() -> None:
    """Serve the HTTP API of one region, until SIGTERM or Ctrl-C.

    Every setting is an environment variable. Two of them are required:
      CROSSHOOK_TOPOLOGY   the file that lists the regions and their addresses
      CROSSHOOK_REGION     the region of that file that this process belongs to

    A region needs NATS, Redis, and at least one `crosshook replicate`. They start
    in any order. A wrong setting ends the command with exit code 2 and names the
    variable. `crosshook up` starts all of it on this machine.

    Example:
      export CROSSHOOK_TOPOLOGY=topology.toml CROSSHOOK_REGION=us-iowa
      crosshook serve
    """
    from service.start import start  # noqa: PLC0415 - only this command needs the service

    sys.exit(start(os.environ))


@click.command(cls=VerbatimCommand)
def replicate() -> None:
    """Replicate between one region and the others, until SIGTERM or Ctrl-C.

    A replicator copies the other regions' logs and applies every log to the Redis
    of its region. It announces how far it is. A region may have several of them.

    Every setting is an environment variable, as for `crosshook serve`.

    Example:
      export CROSSHOOK_TOPOLOGY=topology.toml CROSSHOOK_REGION=us-iowa
      crosshook replicate
    """
    from replicator.start import start  # noqa: PLC0415 - only this command needs the replicator

    sys.exit(start(os.environ))


@click.command(cls=VerbatimCommand)
@click.option("--secrets", is_flag=True, help="Wait until it uses its changed logins and certificates.")
def probe(*, secrets: bool) -> None:
    """Report whether a process is ready.

    It asks `/readyz` at the address in $CROSSHOOK_LISTEN, waits for 2 s at most,
    and prints the response. The exit code is 0 if the process is ready, else 1.

    With --secrets it waits until the process uses its files of logins and
    certificates as they are now, for 30 s at most. The variables of the process
    name the files.

    Example:
      export CROSSHOOK_LISTEN=127.0.0.1:8080
      crosshook probe
    """
    if secrets:
        from runtime.secrets_probe import waited  # noqa: PLC0415 - as above

        is_used, words = waited(os.environ)
        click.echo(words)
        sys.exit(0 if is_used else 1)
    from runtime.probe import report  # noqa: PLC0415 - as above

    sys.exit(report(os.environ))
