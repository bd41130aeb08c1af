"""What `init` and the links have to be told alike."""

import click

from deploy.docker.layout import NATS_SERVERS

nats_servers_option = click.option(
    "--nats-servers",
    type=click.Choice([str(count) for count in NATS_SERVERS]),
    callback=lambda _context, _parameter, value: int(value),
    default=str(NATS_SERVERS[0]),
    show_default=True,
    envvar="NATS_SERVERS",
    show_envvar=True,
    help="How many NATS servers each region has, as `deploy/nats/three.yml` says it.",
)
