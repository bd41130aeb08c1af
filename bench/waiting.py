"""Many requests that wait at the same time in one service."""

import http.client
import resource
import selectors
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle

import msgspec

from bench.api import Service, trigger_creations
from bench.closed_loop import ANSWER_SECONDS_MAX, CREATED, callers
from bench.errors import Unmeasured
from bench.memory import resident_bytes
from bench.processor import processor_seconds
from bench.regions import Regions
from core.consistency import Level

FILES_RESERVED = 256
"""The files that this process has open beside the connections."""

WAITING_SECONDS_MAX = 60.0
_POLL_SECONDS = 0.1


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """`requests` waited in one service for a region that was cut off. `created` are 201 and `late` are 408.

    `resident_bytes_most` is the most memory that the service had. `idle_processor` is the share of one core that it
    used while nothing happened. `served_after_seconds` is the time from the heal to the last response.
    """

    requests: int
    created: int
    late: int
    resident_bytes_before: int
    resident_bytes_most: int
    idle_processor: float
    served_after_seconds: float


def settings_for(requests: int) -> dict[str, str]:
    """The settings of a service that takes so many requests of one organization and address at once."""
    limit = str(requests + 100)
    limited = ("ADDRESS_CONNECTIONS", "ORGANIZATION_REQUESTS", "REQUESTS")
    return {f"CROSSHOOK_{what}_MAX": limit for what in limited}


def waiting(regions: Regions, *, requests: int, idle_seconds: float) -> Waiting:
    """Cut the last region off, let `requests` wait for it for `idle_seconds`, heal, and receive all responses.

    Raises `Unmeasured` if a response is neither 201 nor 408.
    """
    _allow_files(requests + FILES_RESERVED)
    here, cut = regions.names[0], regions.names[-1]
    pid = next(found.services[0].pid for found in regions.status.regions if found.name == here)
    with Service(regions.url(here), api_key=regions.api_key) as service:
        requests_of = trigger_creations(service.register(Level.ALL_REGIONS), Level.ALL_REGIONS, api_key=regions.api_key)
        before = resident_bytes(pid)
        with callers(service.address, requests) as (selector, all_callers):
            regions.cut(cut)
            for caller, request in zip(all_callers, cycle(requests_of), strict=False):
                caller.send(request)
            _until_waiting(service, requests)
            idle_processor, most = _idle(pid, idle_seconds), resident_bytes(pid)
            regions.heal(cut)
            healed = time.perf_counter()
            statuses = Counter[int]()
            for status in _statuses(selector, requests):
                statuses[status] += 1
            served_after_seconds = time.perf_counter() - healed
        most = max(most, resident_bytes(pid))
    if others := statuses.keys() - {CREATED, http.client.REQUEST_TIMEOUT}:
        raise Unmeasured(f"expected 201 or 408, got {sorted(others)}")
    return Waiting(
        requests=requests,
        created=statuses[CREATED],
        late=statuses[http.client.REQUEST_TIMEOUT],
        resident_bytes_before=before,
        resident_bytes_most=most,
        idle_processor=round(idle_processor, 4),
        served_after_seconds=round(served_after_seconds, 3),
    )


def _idle(pid: int, seconds: float) -> float:
    """The share of one core that a process uses for so long."""
    began, used_seconds = time.perf_counter(), processor_seconds([pid])
    time.sleep(seconds)
    return (processor_seconds([pid]) - used_seconds) / (time.perf_counter() - began)


def _statuses(selector: selectors.BaseSelector, count: int) -> Iterator[int]:
    """The statuses of `count` responses as they arrive. Raises `Unmeasured` if they do not."""
    while count:
        if not (ready := selector.select(ANSWER_SECONDS_MAX)):
            raise Unmeasured(f"{count} requests had no response")
        for key, _ in ready:
            if (response := key.data.response()) is not None:
                count -= 1
                yield response.status


def _until_waiting(service: Service, requests: int) -> None:
    until = time.monotonic() + WAITING_SECONDS_MAX
    while (waits := service.gauge("crosshook_requests_waiting")) < requests:
        if time.monotonic() > until:
            raise Unmeasured(f"{waits:g} of {requests} requests wait after {WAITING_SECONDS_MAX:g} s")
        time.sleep(_POLL_SECONDS)


def _allow_files(files: int) -> None:
    """Raise this process's limit of open files. Raises `Unmeasured` if it may not have so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        raise Unmeasured(f"{files} open files are needed, and this process may have {hard} (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
