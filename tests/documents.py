"""The documents of the repository, their links and their anchors, for tests that read them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_DROPPED = re.compile(r"[^\w\- ]")
_MARKUP = re.compile(r"`|\*|\[([^\]]*)\]\([^)]*\)")


class Link(NamedTuple):
    """A relative link: the document that has it, the file that it names, and the anchor there or ""."""

    document: Path
    target: Path
    anchor: str


def documents() -> list[Path]:
    """Every Markdown file of the project, but for those of copied libraries."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "findings").glob("*.md"), *DOCS.rglob("*.md")]
    return sorted(pages)


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code in this language."""
    return [code for found, code in _BLOCK.findall(text) if found == language]


def without_blocks(text: str) -> str:
    """The prose, the tables and the headings."""
    return _BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of the headings: lower case, no punctuation, a hyphen for each space."""
    headings = (_MARKUP.sub(r"\1", heading) for heading in _HEADING.findall(without_blocks(text)))
    return {_DROPPED.sub("", heading.strip().lower()).replace(" ", "-") for heading in headings}


def links(document: Path) -> Iterator[Link]:
    """The relative links of a document."""
    for found in _LINK.findall(without_blocks(document.read_text())):
        if "://" in found or found.startswith("mailto:"):
            continue
        path, _, anchor = found.partition("#")
        yield Link(document, (document.parent / path).resolve() if path else document, anchor)


_INLINE = re.compile(r"`[^`]*`")
_TO_TEXT = re.compile(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)\s]+\)")
_PARAGRAPH = re.compile(r"\n\s*\n|^\s*(?:[-*]|\d+\.) |^#+ |^\||\|", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?:;])[)\"”*_]*\s+")
_WORD = re.compile(r"[^\W_]")


def sentences(text: str) -> Iterator[str]:
    """The sentences of the prose, of the lists and of the cells of tables. A colon or a semicolon ends one."""
    prose = _TO_TEXT.sub(r"\1", _INLINE.sub("x", without_blocks(text)))
    for paragraph in _PARAGRAPH.split(prose):
        for sentence in _SENTENCE.split(paragraph.strip()):
            yield " ".join(sentence.split())


def words_in(sentence: str) -> int:
    """How many words a sentence has; a piece of code is one."""
    return sum(1 for word in sentence.split() if _WORD.search(word))
