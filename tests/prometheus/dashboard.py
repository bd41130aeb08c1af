"""What the dashboard asks Prometheus for, as Grafana would ask it."""

import re

import msgspec

from deploy.grafana.dashboard import FILE

_FALLBACK = re.compile(r" or (vector\(0\)|on \(region\) 0 \* .*)$")


class Target(msgspec.Struct):
    """A query of a panel."""

    expr: str


class Panel(msgspec.Struct):
    """As much of a panel as is looked at here."""

    title: str
    targets: list[Target] = []


class Variable(msgspec.Struct):
    """What is chosen at the top of the page, and from what."""

    name: str
    query: str


class Templating(msgspec.Struct):
    """All that can be chosen."""

    list: list[Variable]


class Dashboard(msgspec.Struct):
    """As much of the dashboard as is looked at here."""

    panels: list[Panel]
    templating: Templating


DASHBOARD = msgspec.json.decode(FILE.read_bytes(), type=Dashboard)

QUERIES = {
    f"{panel.title} {number}": target.expr.replace("$__rate_interval", "10s").replace("$region", ".*")
    for panel in DASHBOARD.panels
    for number, target in enumerate(panel.targets, start=1)
}
"""Panel and number -> its query, of all regions."""

OF_TROUBLE = {name: found[0] for name, query in QUERIES.items() if len(found := _FALLBACK.split(query)) > 1}
"""Of those that are 0 where all is well, because they say so: what they are where it is not."""


def choices(name: str) -> tuple[str, str]:
    """The series and the label whose values can be chosen."""
    (query,) = (variable.query for variable in DASHBOARD.templating.list if variable.name == name)
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert found is not None, query
    return found[1], found[2]
