"""`python -m bench.peer`: serves one peer, as the product's service is served: uvicorn, uvloop and httptools."""

import click
import uvicorn

from bench.peer.app import empty_app, registry_app


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), required=True, help="The port on 127.0.0.1.")
@click.option("--dsn", help="The PostgreSQL of the registry. Without it, the route does no work.")
def main(port: int, dsn: str | None) -> None:
    """Serve one peer until SIGTERM."""
    app = empty_app() if dsn is None else registry_app(dsn)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    main(prog_name="python -m bench.peer")
