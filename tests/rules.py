"""What Prometheus derives and when it alarms, as its files say, for tests that look at them."""

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
_RULES = ROOT / "deploy" / "prometheus" / "rules"
_NAME = re.compile(r"[\w:]*crosshook_\w[\w:]*")
_PART = re.compile(r"_(bucket|sum|count)$")


class Rule(msgspec.Struct):
    """A rule of either kind."""

    expr: str
    record: str = ""
    alert: str = ""
    for_: str = msgspec.field(default="", name="for")
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Group(msgspec.Struct):
    """Rules that are evaluated one after the other."""

    name: str
    rules: list[Rule]


class Rules(msgspec.Struct):
    """A file of rules."""

    groups: list[Group]


def _rules(name: str) -> list[Rule]:
    groups = msgspec.yaml.decode((_RULES / name).read_bytes(), type=Rules).groups
    return [rule for group in groups for rule in group.rules]


ALERTS = _rules("alerts.yml")
RECORDS = {rule.record: rule for rule in _rules("recording.yml")}
DOCUMENTED = set(re.findall(r"^\| `(crosshook_\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))


def metrics_in(expression: str) -> set[str]:
    """The metrics that `expression` comes from in the end: a recorded series is taken for what it is made of."""
    names = set(_NAME.findall(expression))
    plain = {_PART.sub("", name) for name in names - set(RECORDS)}
    return plain.union(*(metrics_in(RECORDS[name].expr) for name in names & set(RECORDS)))
