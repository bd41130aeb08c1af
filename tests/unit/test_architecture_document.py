"""The pictures of the rooms in docs/architecture.md show the contracts that import-linter keeps."""

import re
import tomllib

from tests.documents import DOCS, ROOT, blocks

DOCUMENT = (DOCS / "architecture.md").read_text()
ROOMS = DOCUMENT.partition("\n## Rooms\n")[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

Layers = list[set[str]]


def drawn() -> list[Layers]:
    """The layers of each picture, from the top down."""
    pictures = [picture.splitlines()[1] for picture in blocks(ROOMS, "mermaid")]
    return [[set(layer.split(" & ")) for layer in picture.strip().split(" --> ")] for picture in pictures]


def kept() -> list[Layers]:
    """The layers of each contract, from the top down."""
    layers = [contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"]
    return [[set(re.split(r" [|:] ", layer)) for layer in contract] for contract in layers]


def described(heading: str) -> set[str]:
    """The rooms that a table describes."""
    table = ROOMS.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_the_pictures_show_the_contracts() -> None:
    assert drawn() == kept()


def test_every_room_is_described_and_exists() -> None:
    packages, rooms = (set[str]().union(*layers) for layers in kept())
    assert described("package") == packages
    assert described("room of the service") == rooms
    assert all((ROOT / package).is_dir() for package in packages)
    assert all((ROOT / "service" / room).is_dir() or (ROOT / "service" / f"{room}.py").is_file() for room in rooms)


def test_the_table_of_words_has_the_standard_terms() -> None:
    words = set(re.findall(r"^\| \*\*([^*]+)\*\* \|", DOCUMENT, re.MULTILINE))
    assert words >= {
        "idempotency key",
        "response",
        "in flight",
        "middleware",
        "access log",
        "group commit",
        "session consistency",
    }
    assert "last-writer-wins register" in DOCUMENT
