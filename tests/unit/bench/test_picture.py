"""A picture is valid SVG whose marks are as high as their values, on a light and on a dark page."""

from xml.etree import ElementTree as ET

import pytest

from bench.picture import SERIES_MAX, Picture, Point, Series, bars, lines, stacked_bars

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = Picture(title="Writes & reads", horizontal="connections", vertical="writes/s")


def drawn(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - ours


def heights(root: ET.Element, kind: str) -> list[float]:
    """The heights of a series' bars. The first rectangle is in the legend."""
    found = [rectangle for rectangle in root.iter(f"{SVG}rect") if rectangle.get("class") == kind]
    return [float(rectangle.get("height", "")) for rectangle in found[1:]]


def words(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def point(value: float) -> Point:
    return Point(value, value * 0.9, value * 1.1)


def test_a_bar_is_as_high_as_its_value_and_an_unknown_value_has_none() -> None:
    root = drawn(bars(PICTURE, ["1", "8"], {"a <side>": [point(100), point(400)], "b": [None, point(200)]}))
    low, high = heights(root, "f0")
    (middle,) = heights(root, "f1")
    assert high == pytest.approx(4 * low, abs=0.2)
    assert middle == pytest.approx(2 * low, abs=0.2)
    assert {"Writes & reads", "a <side>", "b", "1", "8", "connections", "writes/s", "500"} <= set(words(root))
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "w"]) == 3


def test_stacked_bars_add_up() -> None:
    root = drawn(stacked_bars(PICTURE, ["x"], {"a": [0.5], "b": [0.25]}))
    assert heights(root, "f0")[0] == pytest.approx(2 * heights(root, "f1")[0], abs=0.2)
    assert "0.75" in words(root)


def test_sizes_stand_on_a_logarithmic_axis_and_a_line_leaves_out_what_is_unknown() -> None:
    series: Series = {"a": [point(1), None, point(2)], "b": [point(1)] * 3}
    root = drawn(lines(PICTURE, [1_000, 10_000, 100_000], series))
    dots = {
        kind: [float(dot.get("cx", "")) for dot in root.iter(f"{SVG}circle") if dot.get("class") == kind]
        for kind in ("f0", "f1")
    }
    first, middle, last = dots["f1"]
    assert middle - first == pytest.approx(last - middle, abs=0.2)
    assert dots["f0"] == [first, last]
    assert {"1,000", "10,000", "100,000"} <= set(words(root))


def test_a_single_size_and_a_value_of_zero_are_drawn() -> None:
    assert "1,000" in words(drawn(lines(PICTURE, [1_000], {"a": [Point(0, 0, 0)]})))


def test_it_has_colours_for_a_dark_page() -> None:
    light, _, dark = bars(PICTURE, ["1"], {"a": [point(1)]}).partition("@media(prefers-color-scheme:dark)")
    assert ".page{fill:#fff}" in light
    assert ".page{fill:#111827}" in dark
    assert ".f0{" in light
    assert ".f0{" in dark


def test_more_series_than_colours_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {SERIES_MAX} series, got {SERIES_MAX + 1}"):
        bars(PICTURE, ["1"], {str(number): [point(1)] for number in range(SERIES_MAX + 1)})
