"""Round trips are shown as far as the asked process knows them."""

from itertools import pairwise

from rich.console import Console

from cli.tables import links_table
from deploy.local.control.messages import LinksStatus, RoundTripStatus

REGIONS = ["near", "far", "farther"]


def rows(links: LinksStatus) -> list[list[str]]:
    """The cells of each row. An empty cell is `.`."""
    console = Console(width=80)
    with console.capture() as capture:
        console.print(links_table(links))
    lines = [line for line in capture.get().splitlines() if line.strip(" ─")]
    first, *ends = [lines[0].index(f" {heading}") + 1 + len(heading) for heading in ("round trip in ms", *REGIONS)]
    columns = list(pairwise([first, *ends]))
    return [[line[start:end].strip() or "." for start, end in columns] for line in lines[1:]]


def trips(*pairs: tuple[str, str, float]) -> list[RoundTripStatus]:
    return [RoundTripStatus(a=a, b=b, milliseconds=milliseconds) for a, b, milliseconds in pairs]


def test_each_pair_is_shown_twice() -> None:
    known = trips(("near", "far", 100), ("near", "farther", 140.5), ("far", "farther", 230))
    assert rows(LinksStatus(regions=REGIONS, cut=[], round_trips=known)) == [
        ["-", "100", "140.5"],
        ["100", "-", "230"],
        ["140.5", "230", "-"],
    ]


def test_a_cut_region_is_cut_in_its_row_and_in_its_column() -> None:
    known = trips(("near", "far", 100), ("near", "farther", 140), ("far", "farther", 230))
    assert rows(LinksStatus(regions=REGIONS, cut=["far"], round_trips=known)) == [
        ["-", "cut", "140"],
        ["cut", "-", "cut"],
        ["140", "cut", "-"],
    ]


def test_an_unknown_pair_is_an_empty_cell() -> None:
    known = trips(("near", "far", 100), ("near", "farther", 140))
    assert rows(LinksStatus(regions=REGIONS, cut=[], round_trips=known)) == [
        ["-", "100", "140"],
        ["100", "-", "."],
        ["140", ".", "-"],
    ]
