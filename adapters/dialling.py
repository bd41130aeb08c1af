"""Connects to a name that may have several addresses. An address that does not answer does not block the others.

Source: RFC 8305, sections 4 and 5. asyncio has this as `happy_eyeballs_delay`; uvloop, which the processes use if it is
installed, does not.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Any, NamedTuple

NEXT_ADDRESS_SECONDS = 0.25
"""How long an address may take before the next one is tried as well (RFC 8305, section 5)."""

NEXT_ADDRESS_SECONDS_MIN = 0.01
"""The minimum for names with many addresses. It limits one dial to a hundred sockets a second."""


class Address(NamedTuple):
    """One of a name's addresses, as `getaddrinfo` returns it."""

    family: socket.AddressFamily
    at: tuple[Any, ...]

    def __str__(self) -> str:
        host, port, *_ = self.at
        return f"[{host}]:{port}" if self.family is socket.AF_INET6 else f"{host}:{port}"


class Dialler:
    """Connects to one host and port, any number of times.

    The addresses of the two families alternate. Those that failed before come last, so that an address that accepts
    connections but never serves them is not chosen every time.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._failed_at: dict[Address, float] = {}

    async def connect(self, *, timeout_seconds: float) -> tuple[Address, socket.socket]:
        """A connected socket, within this time. Raises `OSError`; its text names each of several addresses."""
        addresses: list[Address] = []
        failures: dict[Address, OSError] = {}
        try:
            async with asyncio.timeout(timeout_seconds):
                addresses = self._in_order(await look_up(self._host, self._port))
                patience = min(NEXT_ADDRESS_SECONDS, timeout_seconds / 2 / len(addresses))
                return await _first_of(addresses, failures, next_seconds=max(NEXT_ADDRESS_SECONDS_MIN, patience))
        except TimeoutError:
            if not addresses:
                raise TimeoutError(f"no address for {self._host} within {timeout_seconds:g} s") from None
            silent = {address: TimeoutError(f"no answer within {timeout_seconds:g} s") for address in addresses}
            raise _in_one(silent | failures) from None

    def avoid(self, address: Address) -> None:
        """Try `address` after all others from now on, because a connection to it failed or ended."""
        self._failed_at[address] = time.monotonic()

    def _in_order(self, found: Iterable[Address]) -> list[Address]:
        addresses = list(dict.fromkeys(found))
        first = [address for address in addresses if address.family == addresses[0].family]
        others = [address for address in addresses if address.family != addresses[0].family]
        taking_turns = chain.from_iterable(zip_longest(first, others))
        self._failed_at = {address: when for address, when in self._failed_at.items() if address in addresses}
        return sorted(filter(None, taking_turns), key=lambda address: self._failed_at.get(address, 0.0))


async def look_up(host: str, port: int) -> list[Address]:
    """The addresses of `host`. Raises `OSError`.

    A host that is an address needs no thread for that: slow names may occupy all threads.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(socket.AddressFamily(family), at) for family, _, _, _, at in found]


async def _first_of(
    addresses: list[Address], failures: dict[Address, OSError], *, next_seconds: float
) -> tuple[Address, socket.socket]:
    """The first address that answers, and its socket. Every `next_seconds` the next address is tried as well.

    `failures` receives the addresses that refused.
    """
    waiting = list(reversed(addresses))
    tried: dict[asyncio.Task[socket.socket], Address] = {}
    pending: set[asyncio.Task[socket.socket]] = set()
    try:
        while waiting or pending:
            if waiting:
                address = waiting.pop()
                task = asyncio.create_task(connect_to(address))
                tried[task] = address
                pending.add(task)
            done, pending = await asyncio.wait(
                pending, timeout=next_seconds if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if (error := task.exception()) is None:
                    return tried.pop(task), task.result()
                if not isinstance(error, OSError):
                    raise error
                failures[tried.pop(task)] = error
        raise _in_one(failures)
    finally:
        for task in tried:
            task.cancel()
            task.add_done_callback(_close)


async def connect_to(address: Address) -> socket.socket:
    """A socket connected to `address`. Raises `OSError`."""
    connecting = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)  # noqa: FBT003 - the socket's own
        await asyncio.get_running_loop().sock_connect(connecting, address.at)
    except BaseException:
        connecting.close()
        raise
    return connecting


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Close a socket that connected too late."""
    if not task.cancelled() and task.exception() is None:
        with suppress(OSError):
            task.result().close()


def _in_one(failures: dict[Address, OSError]) -> OSError:
    """One error for all addresses."""
    if len(failures) == 1:
        (error,) = failures.values()
        return error
    return OSError("; ".join(f"{address}: {_why(error)}" for address, error in failures.items()))


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
