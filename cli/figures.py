"""Ages in words. Pure."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


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
