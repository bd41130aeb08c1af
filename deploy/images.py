"""The images that Docker Compose and the manifests run, and how long each is supported: `python -m deploy.images`.

A test compares the dates with that of the newest release. This command compares them with today.
"""

import sys
from datetime import UTC, date, datetime
from typing import NamedTuple

import click

SOON_DAYS = 60
"""How long before the end of its support an image is to be replaced."""


class Image(NamedTuple):
    """An image. `supported_until` is its last day with fixes, as `source` says. `variable` names another one."""

    name: str
    tag: str
    variable: str
    supported_until: date
    source: str
    is_estimate: bool = False
    """Whether the source has no date: support lasts until newer releases, which come about as often as before."""

    @property
    def reference(self) -> str:
        """What a container engine pulls."""
        return f"{self.name}:{self.tag}"


LOOKED_UP = date(2026, 11, 30)
"""When the table was last compared with its sources."""

IMAGES = (
    Image("nats", "2.15.2-alpine", "NATS_IMAGE", date(2027, 9, 1), "docs.nats.io/release-notes", is_estimate=True),
    Image("redis", "8.10.2-alpine", "REDIS_IMAGE", date(2027, 7, 29), "endoflife.date/redis", is_estimate=True),
    Image(
        "prom/prometheus",
        "v3.13.5",
        "PROMETHEUS_IMAGE",
        date(2027, 7, 31),
        "prometheus.io/docs/introduction/release-cycle",
    ),
    Image(
        "grafana/grafana",
        "12.4.9",
        "GRAFANA_IMAGE",
        date(2027, 5, 24),
        "grafana.com/docs/grafana/latest/upgrade-guide/when-to-upgrade",
    ),
    Image("python", "3.13-slim", "CROSSHOOK_BASE", date(2029, 10, 31), "peps.python.org/pep-0719"),
)
"""Every image but our own, which is built from the last one."""


def state(image: Image, today: date) -> str:
    """Whether `image` is to be replaced, in words."""
    left = (image.supported_until - today).days
    about = "about " if image.is_estimate else ""
    if left < 0:
        return f"past its support since {about}{image.supported_until}: replace it"
    soon = ": replace it soon" if left <= SOON_DAYS else ""
    return f"supported until {about}{image.supported_until}{soon}"


def past_support(today: date) -> list[str]:
    """The images that are no longer supported."""
    return [image.reference for image in IMAGES if image.supported_until < today]


@click.command()
def main() -> None:
    """Show each image and how long it is supported. Exit with 1 if one no longer is."""
    today = datetime.now(UTC).date()
    for image in IMAGES:
        click.echo(f"{image.reference:28} {state(image, today)}, says https://{image.source}")
    click.echo(f"The sources were last read on {LOOKED_UP}.")
    sys.exit(1 if past_support(today) else 0)


if __name__ == "__main__":
    main()
