"""Connect to a name that may have several addresses: one that does not answer does not keep the others from it.

Source: RFC 8305, sections 4 and 5. asyncio has this as `happy_eyeballs_delay`; uvloop, on which the processes run where
it is installed, has not.
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
"""How long an address has for its answer before the next one is tried as well (RFC 8305, section 5)."""

NEXT_ADDRESS_SECONDS_MIN = 0.01
"""However many addresses a name has. It bounds the sockets of one dial to a hundred for each second that it has."""


class Address(NamedTuple):
    """One of a name's addresses, as `getaddrinfo` has it."""

    family: socket.AddressFamily
    at: tuple[Any, ...]

    def __str__(self) -> str:
        host, port, *_ = self.at
        return f"[{host}]:{port}" if self.family is socket.AF_INET6 else f"{host}:{port}"


class Dialler:
    """Connects to one host and port, again and again.

    Among several addresses one of the other family comes second. Those that were of no use come last: an address that
    takes connections and never serves them must not be taken for ever.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._of_no_use: dict[Address, float] = {}

    async def connect(self, *, timeout_seconds: float) -> tuple[Address, socket.socket]:
        """A connected socket, within that time. Raises `OSError`; its text names every address if there are several."""
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
        """Try `address` after all others from now on: a connection to it was of no use, or has ended."""
        self._of_no_use[address] = time.monotonic()

    def _in_order(self, found: Iterable[Address]) -> list[Address]:
        addresses = list(dict.fromkeys(found))
        first = [address for address in addresses if address.family == addresses[0].family]
        others = [address for address in addresses if address.family != addresses[0].family]
        taking_turns = chain.from_iterable(zip_longest(first, others))
        self._of_no_use = {address: when for address, when in self._of_no_use.items() if address in addresses}
        return sorted(filter(None, taking_turns), key=lambda address: self._of_no_use.get(address, 0.0))


async def look_up(host: str, port: int) -> list[Address]:
    """The addresses of `host`. Raises `OSError`.

    A host that is an address is looked up without a thread: slow names may hold all of the few threads there are.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(socket.AddressFamily(family), at) for family, _, _, _, at in found]


async def _first_of(
    addresses: list[Address], failures: dict[Address, OSError], *, next_seconds: float
) -> tuple[Address, socket.socket]:
    """The first that answers. Each has `next_seconds` before the next is tried too; all go on until one has answered.

    `failures` is filled with those that refused.
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
    """A socket that is connected to `address`. Raises `OSError`."""
    connecting = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)  # noqa: FBT003 - the socket's own
        await asyncio.get_running_loop().sock_connect(connecting, address.at)
    except BaseException:
        connecting.close()
        raise
    return connecting


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Close what came too late."""
    if not task.cancelled() and task.exception() is None:
        with suppress(OSError):
            task.result().close()


def _in_one(failures: dict[Address, OSError]) -> OSError:
    """One error for all of them."""
    if len(failures) == 1:
        (error,) = failures.values()
        return error
    return OSError("; ".join(f"{address}: {_why(error)}" for address, error in failures.items()))


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
