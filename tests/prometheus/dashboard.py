"""The dashboard's queries, as Grafana sends them to Prometheus."""

import re

import msgspec

from deploy.grafana.dashboard import FILE

_FALLBACK = re.compile(r" or (vector\(0\)|on \(region\) 0 \* .*)$")


class Target(msgspec.Struct):
    """A query of a panel."""

    expr: str


class Panel(msgspec.Struct):
    """The parts of a panel that these tests read."""

    title: str
    targets: list[Target] = []


class Variable(msgspec.Struct):
    """A choice at the top of the page, and the query for its values."""

    name: str
    query: str


class Templating(msgspec.Struct):
    """All choices at the top of the page."""

    list: list[Variable]


class Dashboard(msgspec.Struct):
    """The parts of the dashboard that these tests read."""

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
"""Queries that are 0 while all is well, and their value in trouble."""


def choices(name: str) -> tuple[str, str]:
    """The series and the label whose values can be chosen."""
    (query,) = (variable.query for variable in DASHBOARD.templating.list if variable.name == name)
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert found is not None, query
    return found[1], found[2]
