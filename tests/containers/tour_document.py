"""The tour with Docker Compose of docs/tour.md, as lines to paste."""

import re

from tests.containers.commands import ROOT

_SECTION = re.compile(r"^## With Docker Compose\n(.*)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_IN_TEXT = re.compile(r"`((?:\w+=\S+ )?docker compose -*\w[^`]*)`")


def lines_of_the_tour() -> list[str]:
    """Each command of it, on one line and without its comment."""
    found = _SECTION.search((ROOT / "docs" / "tour.md").read_text())
    assert found is not None
    blocks = "\n".join(_BLOCK.findall(found[1])).replace(" \\\n", " ")
    in_blocks = [re.sub(r" +", " ", line.partition("  # ")[0]).strip() for line in blocks.splitlines()]
    return [*filter(None, in_blocks), *_IN_TEXT.findall(_BLOCK.sub("", found[1]))]
