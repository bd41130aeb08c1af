"""`python -m deploy.grafana`: write the dashboard that the code describes."""

import click

from deploy.grafana.dashboard import FILE, text


@click.command()
def main() -> None:
    """Write the dashboard to the file that Grafana reads."""
    FILE.write_text(text())
    click.echo(FILE)


if __name__ == "__main__":
    main()
