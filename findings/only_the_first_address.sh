#!/usr/bin/env bash
# A name with two addresses, of which the first swallows packets: nats-py and redis-py's asyncio client never connect.
#
# Tried with: nats-py 2.16.0, redis 8.1.0, uvloop 0.23.0, Python 3.11 on Linux.
#
# One would guess: a client tries the other addresses of a name, as curl, Go's net.Dial and redis-py's own blocking client do.
#
# What happens:
#   - Both hand the name to asyncio.open_connection under one time-out for all of its addresses. asyncio tries them one after
#     the other, so the first one uses up the time-out. Every later attempt begins with the same address.
#   - redis-py's blocking client gives each address a time-out of its own, and connects.
#   - asyncio would race them (`happy_eyeballs_delay`), which neither client asks for. uvloop does not take that argument.
#
# Why it matters here: a NATS or a Redis behind IPv6 and IPv4, or behind a balancer with an address in each zone, is out of reach
# as long as the first address is, though the others serve. So addresses are raced before either client is given a socket.
#
# Needs: Python 3.11 or newer, Linux (127.0.0.0/8). Exit 0: still so. Exit 1: something changed.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nats-py==2.16.0 redis==8.1.0 uvloop==0.23.0
cat >addresses.py <<'EOP'
import asyncio
import contextlib
import socket
import sys
import threading

import nats
import redis
import redis.asyncio
import uvloop

SECONDS = 1
SILENT, WELL = "127.0.0.2", "127.0.0.1"
NAME, ALONE = "two-addresses.test", "one-address.test"
look_up = socket.getaddrinfo


def both(host, port, *arguments, **options):
    """What a resolver answers about NAME: the silent address first. ALONE has the other one only."""
    known = {NAME: (SILENT, WELL), ALONE: (WELL,)}
    name = host.decode() if isinstance(host, bytes) else host
    if name not in known:
        return look_up(host, port, *arguments, **options)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port))) for address in known[name]]


def serve(server):
    """A server that answers what NATS and Redis are asked first."""

    def answer(connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(b'INFO {"server_id":"one","version":"2.12.0","max_payload":1048576}\r\n' * server.is_nats)
            while data := connection.recv(65536):
                connection.sendall(b"PONG\r\n" if server.is_nats and b"PING" in data else b"" if server.is_nats else b"+PONG\r\n")

    while True:
        with contextlib.suppress(OSError):
            threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()


class Server(socket.socket):
    is_nats = False


def opened(*, is_nats):
    """The port of a server at WELL, and at SILENT of a listener whose queue is full: it answers no packet."""
    server = Server()
    server.is_nats = is_nats
    server.bind((WELL, 0))
    server.listen()
    threading.Thread(target=serve, args=(server,), daemon=True).start()
    port = server.getsockname()[1]
    full = socket.socket()
    full.bind((SILENT, port))
    full.listen(0)
    filling = [full]
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect((SILENT, port))
        filling.append(one)
    keep.extend(filling)
    return port


async def nats_connects(port, name=NAME):
    async def quiet(_error):
        return

    options = {"connect_timeout": SECONDS, "max_reconnect_attempts": 2, "reconnect_time_wait": 0.1, "error_cb": quiet}
    try:
        client = await asyncio.wait_for(nats.connect(f"nats://{name}:{port}", **options), 6 * SECONDS)
    except (OSError, asyncio.TimeoutError, nats.errors.Error):
        return False
    await client.close()
    return True


async def redis_connects(port, name=NAME):
    try:
        async with redis.asyncio.Redis(host=name, port=port, protocol=2, socket_connect_timeout=SECONDS) as one:
            return await asyncio.wait_for(one.ping(), 6 * SECONDS)
    except (OSError, asyncio.TimeoutError, redis.RedisError):
        return False


def blocking_redis_connects(port):
    with redis.Redis(host=NAME, port=port, protocol=2, socket_connect_timeout=SECONDS) as one:
        return one.ping()


async def open_connection_races(port):
    options = {"happy_eyeballs_delay": 0.1, "interleave": 1}
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(NAME, port, **options), SECONDS)
    except TypeError:
        return "refused"
    writer.close()
    return True


keep = []
socket.getaddrinfo = both
to_nats, to_redis = opened(is_nats=True), opened(is_nats=False)
found = {
    "nats-py, one address": (asyncio.run(nats_connects(to_nats, ALONE)), True),
    "redis-py, asyncio, one address": (asyncio.run(redis_connects(to_redis, ALONE)), True),
    "nats-py": (asyncio.run(nats_connects(to_nats)), False),
    "redis-py, asyncio": (asyncio.run(redis_connects(to_redis)), False),
    "redis-py, blocking": (blocking_redis_connects(to_redis), True),
    "asyncio's happy_eyeballs_delay": (asyncio.run(open_connection_races(to_redis)), True),
    "uvloop's happy_eyeballs_delay": (uvloop.run(open_connection_races(to_redis)), "refused"),
}
for what, (happened, expected) in found.items():
    print(f"{what}: {happened}" + ("" if happened == expected else f", expected {expected}"))
sys.exit(any(happened != expected for happened, expected in found.values()))
EOP
venv/bin/python addresses.py
