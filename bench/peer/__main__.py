"""`python -m bench.peer`: serves one peer on the event loop, and with the garbage collection, of the product."""

import sys

import click
import uvicorn

from bench.peer.app import empty_app, registry_app
from runtime.process import run


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), required=True, help="The port on 127.0.0.1.")
@click.option("--dsn", help="The PostgreSQL of the registry. Without it, the route does no work.")
def main(port: int, dsn: str | None) -> None:
    """Serve one peer until SIGTERM."""

    def config() -> uvicorn.Config:
        app = empty_app() if dsn is None else registry_app(dsn)
        return uvicorn.Config(
            app, host="127.0.0.1", port=port, access_log=False, log_level="warning", server_header=False
        )

    sys.exit(run(config, lambda found: uvicorn.Server(found).serve()))


if __name__ == "__main__":
    main(prog_name="python -m bench.peer")
