"""The README is short, and its facts are those of the code and of the other documents."""

import re

from cli.guide import Commands, Place, guide
from tests.documents import DOCS, README, ROOT
from tests.e2e.contract_table import ROUTES

WORDS_MAX = 900
SETTING = re.compile(r"CROSSHOOK_[A-Z_]*[A-Z]")
SOURCES = ("core", "adapters", "runtime", "service", "replicator", "cli", "deploy")
STATUSES = re.compile(
    r"\| (?P<method>[A-Z]+) `(?P<path>/(?:organizations|operations)[^`?]*)[^`]*` "
    r"\| (?P<success>\d+)[^|]* \| (?P<errors>[\d ]*) \|"
)
ROW = re.compile(r"^\| (`/[^|]+`) \| ([A-Z ]+)", re.MULTILINE)
DOCUMENTED = re.compile(r"^\| ((?:[A-Z]+ `/[^|]+`(?:, )?)+) \|", re.MULTILINE)
GUIDE = re.compile(r"^<!-- guide -->\n(.*?)^<!-- /guide -->$", re.MULTILINE | re.DOTALL)
PLACES = [
    Place(name, f"http://127.0.0.1:{port}")
    for name, port in (("us-iowa", 8081), ("europe-belgium", 8082), ("asia-japan", 8083))
]
COMMANDS = Commands(link=".venv/bin/crosshook link", keys=".venv/bin/crosshook keys")


def the_guide() -> str:
    """The lines that `make up` prints, as Markdown; the key is issued by a command, since each run has another."""
    steps = guide(PLACES, api_key=None, commands=COMMANDS)
    return "\n".join(f"{step.heading}\n\n```sh\n{step.lines}\n```\n" for step in steps)


def test_the_readme_has_at_most_900_words() -> None:
    assert len(README.read_text().split()) <= WORDS_MAX


def test_the_readme_has_exactly_the_lines_that_make_up_prints() -> None:
    found = GUIDE.search(README.read_text())
    assert found is not None
    assert found[1].strip() == the_guide().strip()


def test_every_setting_is_in_the_table_of_settings_and_every_row_is_a_setting() -> None:
    text = "".join(path.read_text() for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    lines = (DOCS / "configuration.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `CROSSHOOK_")]
    assert {SETTING.findall(row)[0] for row in rows} == set(SETTING.findall(text))


def test_the_documented_statuses_are_the_tested_ones() -> None:
    rows = [STATUSES.fullmatch(line) for line in (DOCS / "api.md").read_text().splitlines()]
    documented = {
        (row["method"], row["path"], int(row["success"]), frozenset(map(int, row["errors"].split())))
        for row in rows
        if row is not None
    }
    assert documented == {(route.method, route.path, route.success, route.errors) for route in ROUTES}


def test_the_readmes_routes_are_those_of_the_api_document() -> None:
    in_readme = {
        (method, path)
        for paths, methods in ROW.findall(README.read_text())
        for path in re.findall(r"`(/[^`]+)`", paths)
        for method in methods.split()
    }
    documented = set()
    for cell in DOCUMENTED.findall((DOCS / "api.md").read_text()):
        method, _, paths = cell.partition(" ")
        if "verification-jwks" not in paths:  # Reserved: "What it does not do yet" names them.
            documented |= {(method, path.partition("?")[0]) for path in re.findall(r"`(/[^`]+)`", paths)}
    assert in_readme == documented
