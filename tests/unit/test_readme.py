"""The README says what is so."""

import re
from pathlib import Path

from tests.e2e.contract_table import ROUTES

ROUTE = re.compile(
    r"\| (?P<method>[A-Z]+) `(?P<path>/(?:organizations|operations)[^`?]*)[^`]*` "
    r"\| (?P<success>\d+)[^|]* \| (?P<errors>[\d ]*) \|"
)
ROOT = Path(__file__).parents[2]
SETTING = re.compile(r"CROSSHOOK_[A-Z_]*[A-Z]")
SOURCES = ("core", "adapters", "runtime", "service", "replicator", "cli", "deploy")


def test_every_setting_is_in_the_readmes_table_and_every_row_is_a_setting() -> None:
    text = "".join(path.read_text() for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `CROSSHOOK_")]
    assert {SETTING.findall(row)[0] for row in rows} == set(SETTING.findall(text))


def test_the_readmes_routes_are_those_that_are_tried_with_every_status() -> None:
    rows = [ROUTE.fullmatch(line) for line in (ROOT / "README.md").read_text().splitlines()]
    documented = {
        (row["method"], row["path"], int(row["success"]), frozenset(map(int, row["errors"].split())))
        for row in rows
        if row is not None
    }
    assert documented == {(route.method, route.path, route.success, route.errors) for route in ROUTES}
