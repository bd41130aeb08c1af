"""Every link leads somewhere, every document that a file names exists, and sentences are short."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.documents import ROOT, anchors, documents, links, sentences, words_in

NAMED = re.compile(r"(?<![\w/.-])((?:docs/[\w/.-]+|README|CONTRIBUTING|CHANGELOG|SECURITY)\.md)(?:#([\w-]+))?")
WORDS_MAX = 25
"""Of a sentence."""
NOT_OURS = ("service/openapi/swagger_ui/", "service/dashboard/uplot/", "tests/clients/")


def problem(target: Path, anchor: str) -> str:
    """What is wrong with a link, or ""."""
    if not target.exists():
        return f"{target} does not exist"
    if anchor and anchor not in anchors(target.read_text()):
        return f"{target} has no heading for #{anchor}"
    return ""


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document.relative_to(ROOT)))
def test_every_relative_link_leads_to_an_existing_file_and_heading(document: Path) -> None:
    found = [why for link in links(document) if (why := problem(link.target, link.anchor))]
    assert found == []


def test_every_document_that_a_file_names_exists_with_its_heading() -> None:
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"),  # noqa: S607 - the git on PATH
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    wrong = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if not path.is_file() or name.endswith(".md") or name.startswith(NOT_OURS):
            continue
        named = NAMED.findall(path.read_text(errors="replace"))
        # `README.md` without a folder is the one beside the file, or that of the project.
        wrong += [f"{name}: {why}" for page, anchor in named if (why := problem(ROOT / page, anchor))]
    assert wrong == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `page` of ours, and more\n\n[a](#a-page-of-ours-and-more) [b](#b) [c](c.md) [d](https://d)\n")
    assert [problem(link.target, link.anchor) for link in links(page)] == [
        "",
        f"{page} has no heading for #b",
        f"{tmp_path / 'c.md'} does not exist",
    ]


PATH = re.compile(r"`((?:adapters|bench|cli|core|deploy|replicator|runtime|service|tests)/[\w/.-]*\w)`")


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document.relative_to(ROOT)))
def test_every_source_path_that_a_document_names_exists(document: Path) -> None:
    assert [path for path in PATH.findall(document.read_text()) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", documents(), ids=lambda document: str(document.relative_to(ROOT)))
def test_no_sentence_has_more_than_25_words(document: Path) -> None:
    assert [sentence for sentence in sentences(document.read_text()) if words_in(sentence) > WORDS_MAX] == []


def test_a_sentence_ends_at_a_full_stop_and_a_piece_of_code_is_one_word() -> None:
    prose = "# A heading\n\n- One `and a half` of\n  them. [Two words](page.md): more.\n\n| a | cell |\n"
    found = [(sentence, words_in(sentence)) for sentence in sentences(f"{prose}\n```sh\nno words\n```\n") if sentence]
    assert found == [
        ("A heading", 2),
        ("One x of them.", 4),
        ("Two words:", 2),
        ("more.", 1),
        ("a", 1),
        ("cell", 1),
    ]
