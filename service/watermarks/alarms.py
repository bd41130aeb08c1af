"""Calls at points in time, of which those of one moment share a timer."""

import asyncio
from collections.abc import Callable
from math import ceil
from typing import NamedTuple, NewType

MOMENT_SECONDS = 0.01
"""A call is at most so late. A timer takes half a kilobyte, and its place in a moment 40 bytes."""

Moment = NewType("Moment", int)
"""A point in time, in `MOMENT_SECONDS`."""

Call = Callable[[], None]


class _Alarm(NamedTuple):
    timer: asyncio.TimerHandle
    calls: set[Call]


class Alarms:
    """The calls that are still to come."""

    def __init__(self) -> None:
        self._alarms: dict[Moment, _Alarm] = {}

    def add(self, at_seconds: float, call: Call) -> Moment:
        """Call `call` at a time of the event loop, unless it is removed from the returned moment before."""
        moment = Moment(ceil(at_seconds / MOMENT_SECONDS))
        alarm = self._alarms.get(moment)
        if alarm is None:
            timer = asyncio.get_running_loop().call_at(moment * MOMENT_SECONDS, self._ring, moment)
            alarm = self._alarms[moment] = _Alarm(timer, set())
        alarm.calls.add(call)
        return moment

    def remove(self, moment: Moment, call: Call) -> None:
        """Do not call `call` any more."""
        alarm = self._alarms.get(moment)
        if alarm is None:
            return
        alarm.calls.discard(call)
        if not alarm.calls:
            alarm.timer.cancel()
            del self._alarms[moment]

    def ring_all(self) -> None:
        """Make all calls now."""
        for moment in list(self._alarms):
            self._ring(moment)

    def _ring(self, moment: Moment) -> None:
        timer, calls = self._alarms.pop(moment)
        timer.cancel()
        for call in calls:
            call()
