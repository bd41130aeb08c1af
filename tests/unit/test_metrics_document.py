"""docs/metrics.md says what the two processes measure, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from runtime.buckets import EVENTS, SECONDS

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(?P<name>crosshook_\w+)` \| (?P<kind>\w+) \| (?P<labels>[^|]*)\| ", re.MULTILINE)

COLLECTED_WHEN_SCRAPED = {"crosshook_lag_events", "crosshook_lag_seconds", "crosshook_announcement_age_seconds"}
"""They are registered by a service that runs, and not when it is imported."""

REGISTRY = """
import {process}.app
import json
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

print(json.dumps([
    [family.name + "_total" * (family.type == "counter"), family.type, list(collector._labelnames)]
    for collector in REGISTRY._collector_to_names
    if isinstance(collector, MetricWrapperBase)
    for family in collector.describe()
]))
"""


class Metric(NamedTuple):
    name: str
    kind: str
    labels: tuple[str, ...]


def documented(*sections: str) -> set[Metric]:
    """The rows of these sections' tables."""
    parts = [part for part in DOCUMENT.split("\n## ") if part.partition("\n")[0] in sections]
    assert len(parts) == len(sections)
    return {
        Metric(row["name"], row["kind"], tuple(re.findall(r"`(\w+)`", row["labels"])))
        for part in parts
        for row in ROW.finditer(part)
    }


def registered(process: str) -> set[Metric]:
    """What a process has in its registry before it does anything."""
    program = REGISTRY.format(process=process)
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    return set(msgspec.json.decode(told.stdout, type=list[Metric]))


@pytest.mark.parametrize("process", ["service", "replicator"])
def test_the_document_has_every_metric_of_a_process_with_its_kind_and_labels_and_no_other(process: str) -> None:
    found = registered(process)
    said = documented(f"Of a {process}", "Of both")
    assert found <= said
    assert {metric.name for metric in said - found} <= COLLECTED_WHEN_SCRAPED


def test_the_document_has_the_bounds() -> None:
    for of, bounds in (("seconds", SECONDS), ("events", EVENTS)):
        assert f"| {of} | {', '.join(f'{bound:g}' for bound in bounds)} |" in DOCUMENT


def test_no_metric_has_a_label_that_scraping_adds() -> None:
    every = documented("Of a service", "Of a replicator", "Of both")
    assert not {label for metric in every for label in metric.labels} & {"region", "job", "instance"}
