"""Durations are read and written as Go does it. The tables are those of Go's package time (time_test.go)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.durations import InvalidDuration, nanoseconds, render

MICROSECOND = 1_000
MILLISECOND = 1_000 * MICROSECOND
SECOND = 1_000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
LONGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("+0", 0),
        ("5s", 5 * SECOND),
        ("30s", 30 * SECOND),
        ("1478s", 1478 * SECOND),
        ("-5s", -5 * SECOND),
        ("+5s", 5 * SECOND),
        ("5.0s", 5 * SECOND),
        ("5.6s", 5 * SECOND + 600 * MILLISECOND),
        ("5.s", 5 * SECOND),
        (".5s", 500 * MILLISECOND),
        ("1.0s", 1 * SECOND),
        ("1.004s", 1 * SECOND + 4 * MILLISECOND),
        ("1.0040s", 1 * SECOND + 4 * MILLISECOND),
        ("100.00100s", 100 * SECOND + 1 * MILLISECOND),
        ("10ns", 10),
        ("11us", 11 * MICROSECOND),
        ("12µs", 12 * MICROSECOND),
        ("12μs", 12 * MICROSECOND),
        ("13ms", 13 * MILLISECOND),
        ("14s", 14 * SECOND),
        ("15m", 15 * MINUTE),
        ("16h", 16 * HOUR),
        ("3h30m", 3 * HOUR + 30 * MINUTE),
        ("10.5s4m", 4 * MINUTE + 10 * SECOND + 500 * MILLISECOND),
        ("-2m3.4s", -(2 * MINUTE + 3 * SECOND + 400 * MILLISECOND)),
        ("1h2m3s4ms5us6ns", HOUR + 2 * MINUTE + 3 * SECOND + 4 * MILLISECOND + 5 * MICROSECOND + 6),
        ("39h9m14.425s", 39 * HOUR + 9 * MINUTE + 14 * SECOND + 425 * MILLISECOND),
        ("52763797000ns", 52_763_797_000),
        ("0.3333333333333333333h", 20 * MINUTE),
        ("9007199254740993ns", (1 << 53) + 1),
        ("9223372036854775807ns", LONGEST),
        ("9223372036854775.807us", LONGEST),
        ("9223372036s854ms775us807ns", LONGEST),
        ("-9223372036854775808ns", -LONGEST - 1),
        ("-9223372036854775.808us", -LONGEST - 1),
        ("-9223372036s854ms775us808ns", -LONGEST - 1),
        ("0.100000000000000000000h", 6 * MINUTE),
        ("0.830103483285477580700h", 49 * MINUTE + 48 * SECOND + 372_539_827),
    ],
)
def test_a_text_names_the_duration_that_go_reads(text: str, expected: int) -> None:
    assert nanoseconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "-",
        "+",
        "s",
        ".",
        "-.",
        ".s",
        "+.s",
        "1d",
        "00",
        "1.5",
        "--5s",
        "+-5s",
        "-+5s",
        "1s ",
        " 1s",
        "1 s",
        "1S",
        "1e3s",
        "0x1s",
        "1,5s",
        "1..5s",
        "1s-2s",
        "5s3",
        "\u0661s",
        "\x85\x85",
        "hello \uffff world",
        "9223372036854775808ns",
        "9223372036854775.808us",
        "9223372036854ms775us808ns",
        "-9223372036854775809ns",
        "3000000h",
    ],
)
def test_a_text_that_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(InvalidDuration):
        nanoseconds(text)


def test_each_part_is_truncated_to_nanoseconds_before_the_sum() -> None:
    assert nanoseconds("0.5ns0.5ns") == 0
    assert nanoseconds("1.9ns1.9ns") == 2


def test_a_text_longer_than_any_duration_is_refused_without_being_read() -> None:
    with pytest.raises(InvalidDuration):
        nanoseconds("1s" * 1_000_000)


@pytest.mark.parametrize(
    ("duration_nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (2_200 * MICROSECOND, "2.2ms"),
        (250 * MILLISECOND, "250ms"),
        (1_500 * MILLISECOND, "1.5s"),
        (3_300 * MILLISECOND, "3.3s"),
        (10 * SECOND, "10s"),
        (59 * SECOND + 999_999_999, "59.999999999s"),
        (1 * MINUTE, "1m0s"),
        (90 * SECOND, "1m30s"),
        (4 * MINUTE + 5 * SECOND, "4m5s"),
        (4 * MINUTE + 5_001 * MILLISECOND, "4m5.001s"),
        (5 * HOUR + 6 * MINUTE + 7_001 * MILLISECOND, "5h6m7.001s"),
        (8 * MINUTE + 1, "8m0.000000001s"),
        (HOUR, "1h0m0s"),
        (LONGEST, "2562047h47m16.854775807s"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(duration_nanoseconds: int, text: str) -> None:
    assert render(duration_nanoseconds) == text


@given(st.integers(min_value=0, max_value=1 << 40) | st.integers(min_value=0, max_value=20 * SECOND))
def test_what_is_written_reads_back_as_the_same_duration(duration_nanoseconds: int) -> None:
    assert nanoseconds(render(duration_nanoseconds)) == duration_nanoseconds


@given(st.text(alphabet="0123456789.+-nuµmsh ", max_size=70))
def test_any_text_is_a_duration_within_63_bits_or_is_refused(text: str) -> None:
    try:
        duration_nanoseconds = nanoseconds(text)
    except InvalidDuration:
        return
    assert -LONGEST - 1 <= duration_nanoseconds <= LONGEST
