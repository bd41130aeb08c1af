"""What the repository says in words, and the few patterns that plain English does without.

A pattern is mechanical: it needs no knowledge of what a sentence is about. What no pattern can find is the reviewer's.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

_FOREIGN = re.compile(
    r"^tests/clients/typescript/|^service/dashboard/uplot/|^service/openapi/swagger_ui/"  # Written elsewhere.
    r"|(^|/)LICENSE$|\.lock$|requirements[^/]*\.lock|\.(png|svg|ico|json\.gz|bin|aof|rdb)$"
    r"|^tests/(unit/test_)?plain_english\.py$"  # They quote what must not be written.
)
_COMMENT_MARK = re.compile(r"(?m)^[ \t]*(#+!?|--|//|/?\*+)")
_PERSON = "people|person|operators?|users?|readers?|engineers?|administrators?|attackers?"
_TO_BE = "is|are|was|were|be|been|becomes?|became"


class Pattern(NamedTuple):
    """What is searched for, and what to write instead."""

    expression: re.Pattern[str]
    instead: str


PATTERNS = {
    "who": Pattern(
        # A question may ask who, and it may say which person does something.
        re.compile(rf"\b(?:(?:{_PERSON})\s+who\b|(?P<found>who(?:m?ever)?)\b(?!-)(?![^.!;:]*\?))", re.IGNORECASE),
        "name the subject: a client, a service, a region, an operator",
    ),
    "nobody": Pattern(
        re.compile(r"\b(?P<found>(?:no|some|any|every)body(?:s\b|\b))", re.IGNORECASE),
        "name what answers or does not: no server, a client, an operator",
    ),
    "he": Pattern(re.compile(r"\b(?P<found>he|him|his|himself)\b", re.IGNORECASE), "a program is it"),
    "is a 408": Pattern(
        re.compile(rf"\b(?P<found>(?:{_TO_BE})\s+an?\s+`?[45](?:\d\d|xx))\b", re.IGNORECASE),
        "a request is answered 408; a service returns 408",
    ),
    "for good": Pattern(
        re.compile(r"\b(?P<found>for (?:good|ever)|as (?:ever|good as)|also where|not either)\b", re.IGNORECASE),
        "permanently, forever, as before, nearly, even if, neither",
    ),
}


class Finding(NamedTuple):
    """A pattern's name, and where it was found."""

    line: int
    pattern: str
    found: str


class Prose(NamedTuple):
    """A piece of text that a person reads, and the line on which it begins."""

    line: int
    text: str


def findings(prose: Prose) -> Iterator[Finding]:
    """What the patterns find in it."""
    for name, (expression, _) in PATTERNS.items():
        for match in expression.finditer(prose.text):
            if match["found"]:
                line = prose.line + prose.text.count("\n", 0, match.start())
                around = prose.text[max(match.start() - 40, 0) : match.end() + 40]
                yield Finding(line, name, " ".join(around.split()))


def prose_of(path: Path) -> Iterator[Prose]:
    """The words in a file: all of it, but of Python only docstrings, comments, texts, and the names of functions."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _comments(text)
        yield from _strings_and_names(text)
    else:
        yield Prose(1, _COMMENT_MARK.sub(lambda mark: " " * len(mark[0]), text))


def written_here() -> list[str]:
    """The path of every text file that is ours, from the repository's root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603
    return sorted(path for path in listed if not _FOREIGN.search(path) and (ROOT / path).is_file())


def _comments(text: str) -> Iterator[Prose]:
    """Each block of comments as one piece, so that a sentence over two lines is one sentence."""
    block: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        if block and token.start[0] != last + 1:
            yield Prose(first, "\n".join(block))
            block = []
        first = first if block else token.start[0]
        last = token.start[0]
        block.append(token.string.lstrip("#!"))
    if block:
        yield Prose(first, "\n".join(block))


def _strings_and_names(text: str) -> Iterator[Prose]:
    """Texts of more than one word, and the names of functions and classes as words."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Constant(value=str(value)) if re.search(r"\s", value.strip()):
                yield Prose(node.lineno, value)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Prose(node.lineno, name.replace("_", " "))
            case ast.ClassDef(name=name):
                yield Prose(node.lineno, re.sub(r"(?<!^)(?=[A-Z])", " ", name))
            case _:
                pass
