"""The README says what is so."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTING = re.compile(r"CROSSHOOK_[A-Z_]*[A-Z]")
SOURCES = ("core", "adapters", "runtime", "service", "replicator", "cli", "deploy")


def test_every_setting_is_in_the_readmes_table_and_every_row_is_a_setting() -> None:
    text = "".join(path.read_text() for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `CROSSHOOK_")]
    assert {SETTING.findall(row)[0] for row in rows} == set(SETTING.findall(text))
