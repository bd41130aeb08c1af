"""Counts and ages, in full and in a few characters. Pure."""

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3_600, 86_400, 31_557_600

_EXACT_BELOW = 10_000
"""Below this a count is about as short with all of its digits."""

_UNITS = tuple(enumerate("kMGTPE", start=1))
"""With six of them there is one for each count that NATS has: these are of 64 bits."""


def count(number: int) -> str:
    """A count in at most five characters, rounded down: `9999`, `12 k`, `1.3 M`."""
    if number < _EXACT_BELOW:
        return str(number)
    size, unit = next((1_000**power, unit) for power, unit in _UNITS if number < 1_000 ** (power + 1))
    return f"{_two_digits(number, size)} {unit}"


def age(seconds: float) -> str:
    """An age in one unit and at most six characters, rounded down: `3.2 s`, `59 min`, `27 h`, `4.1 d`."""
    if seconds < 2 * _MINUTE:
        return f"{_two_digits(seconds, 1)} s"
    if seconds < 100 * _MINUTE:
        return f"{int(seconds) // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{_two_digits(seconds, _HOUR)} h"
    if seconds < 1_000 * _DAY:
        return f"{_two_digits(seconds, _DAY)} d"
    return f"{_two_digits(seconds, _YEAR)} y"


def duration(seconds: float) -> str:
    """Seconds with one decimal, then minutes, hours and days: two units at most."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def _two_digits(number: float, size: int) -> str:
    """So many times `size`, rounded down, with a decimal where there would be one digit only."""
    if number < 10 * size:
        tenths = int(10 * number // size)
        return f"{tenths // 10}.{tenths % 10}"
    return str(int(number // size))
