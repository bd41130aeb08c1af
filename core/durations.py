"""Durations as Go writes them. Source: Go, package time, ParseDuration and Duration.String."""

import re

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(?=\.?\d)(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_LONGEST_TEXT = 64
_NANOSECONDS_MAX = 2**63 - 1


class InvalidDuration(ValueError):
    """The text is not a Go duration."""


def nanoseconds(text: str) -> int:
    """The duration that `text` names, such as `"10s"`, `"1m30s"`, `"1.5h"` or `"0"`. Raises `InvalidDuration`."""
    sign, unsigned = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if unsigned == "0":
        return 0
    total, end = 0, 0
    if len(text) <= _LONGEST_TEXT:
        while part := _PART.match(unsigned, end):
            whole, fraction, unit = part.groups()
            total += int(whole or "0") * _UNITS[unit] + _fraction(fraction, _UNITS[unit])
            end = part.end()
    if end == 0 or end != len(unsigned) or not -_NANOSECONDS_MAX - 1 <= sign * total <= _NANOSECONDS_MAX:
        raise InvalidDuration(text[:_LONGEST_TEXT])
    return sign * total


def _fraction(digits: str, size: int) -> int:
    """The digits behind a point as Go reads them: floating point, truncated, without the digits beyond 63 bits."""
    value, scale = 0, 1.0
    for digit in digits:
        longer = 10 * value + int(digit)
        if longer > _NANOSECONDS_MAX + 1:
            break
        value, scale = longer, 10 * scale
    return int(value * (size / scale))


def render(duration_nanoseconds: int) -> str:
    """The text of a duration of 0 or more: `"0s"`, `"1.5s"`, `"250ms"`, `"1m30s"`."""
    if duration_nanoseconds == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if duration_nanoseconds < size * 1_000:
            return _decimal(duration_nanoseconds, size) + unit
    minutes, rest = divmod(duration_nanoseconds, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = _decimal(rest, _UNITS["s"]) + "s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    digits = f"{rest:0{len(str(size)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)
