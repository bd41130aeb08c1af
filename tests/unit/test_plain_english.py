"""The texts of this repository have none of the phrases that the patterns find."""

from pathlib import Path

import pytest

from tests.plain_english import PATTERNS, ROOT, Prose, findings, prose_of, written_here


def found_in(text: str) -> set[str]:
    """The names of the patterns that find something in `text`."""
    return {finding.pattern for finding in findings(Prose(1, text))}


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    """For each file with such phrases, where they are and what to write instead."""
    return {
        path: [f'{path}:{line}: "{around}" ({PATTERNS[name].instead})' for line, name, around in those]
        for path in written_here()
        if (those := [finding for prose in prose_of(ROOT / path) for finding in findings(prose)])
    }


def test_no_file_has_such_a_phrase(found: dict[str, list[str]]) -> None:
    assert not "\n".join(line for lines in found.values() for line in lines)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("who", "Who has Docker needs nothing else."),
        ("who", "Whoever restarts it gains nothing."),
        ("who", "it answers those who waited"),
        ("who", "it lets in\nwhoever shows the key"),
        ("nobody", "The link is cut and nobody is told."),
        ("nobody", "somebody has to look"),
        ("he", "The process ends his connections."),
        ("is a 408", "A dead region: the write is a 408."),
        ("is a 408", "what needs it becomes a `503`, and more than 5 % are\na 4xx"),
        ("for good", "A child that works keeps a core busy for good, and a batch is tried for ever."),
        ("for good", "It stays as ever, also where no server answers."),
    ],
)
def test_a_pattern_finds_its_phrase(pattern: str, text: str) -> None:
    assert found_in(text) == {pattern}


@pytest.mark.parametrize(
    "text",
    [
        "Who may issue API keys? The administrator.",
        "An operator who has the admin key issues it; people who read it at night know.",
        "The whole log, whose end is known.",
        "No server answers.",
        "The host is the cache that this one uses.",
        "The service answers 408, the 408 names the region, and a 408 undoes nothing.",
        "It is 503 ms old.",
    ],
)
def test_plain_english_has_none(text: str) -> None:
    assert found_in(text) == set()


def test_in_python_files_only_words_are_checked_and_not_code(tmp_path: Path) -> None:
    written = tmp_path / "module.py"
    written.write_text(
        '"""Whoever reads it."""\n'
        "who = he = 1  # nobody\n"
        "# somebody\n"
        "# is a 408 here\n"
        "def test_who_waits():\n"
        '    raise Late("anybody" f"else {he} is a 503 here")\n'
        "class ForNobody:\n"
        '    subject = "anybody"\n'
    )
    found = sorted({finding[:2] for prose in prose_of(written) for finding in findings(prose)})
    assert found == [
        (1, "who"), (2, "nobody"), (3, "nobody"), (4, "is a 408"), (5, "who"), (6, "is a 408"), (7, "nobody")
    ]  # fmt: skip


def test_other_files_are_checked_as_a_whole_and_comments_across_their_lines(tmp_path: Path) -> None:
    written = tmp_path / "settings.yml"
    written.write_text("a: 1 # nobody\n# A request is\n# a 408 there.\n")
    found = sorted({finding[:2] for prose in prose_of(written) for finding in findings(prose)})
    assert found == [(1, "nobody"), (2, "is a 408")]
