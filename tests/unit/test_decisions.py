"""The records of decisions: each has a number of its own, and the list names all of them."""

import re
from pathlib import Path

RECORDS = Path(__file__).parents[2] / "docs" / "adr"
NUMBERS = {record.name: int(record.name[:4]) for record in RECORDS.glob("*.md")}


def test_no_two_records_have_the_same_number() -> None:
    assert sorted(NUMBERS.values()) == list(range(1, len(NUMBERS) + 1))


def test_the_list_names_every_record_by_its_number() -> None:
    text = (RECORDS / "0001-record-decisions.md").read_text()
    listed = {name: int(number) for number, name in re.findall(r"^\| \[(\d+)\]\((\S+)\) \|", text, re.MULTILINE)}
    assert listed == NUMBERS


def test_every_title_begins_with_the_number_of_its_file() -> None:
    for name, number in NUMBERS.items():
        assert (RECORDS / name).read_text().startswith(f"# {number}. "), name


def test_the_list_has_the_title_of_every_record() -> None:
    text = (RECORDS / "0001-record-decisions.md").read_text()
    listed = dict(re.findall(r"^\| \[\d+\]\((\S+)\) \| (.+) \|$", text, re.MULTILINE))
    titles = {name: (RECORDS / name).read_text().partition("\n")[0].partition(". ")[2] for name in NUMBERS}
    assert listed == titles
