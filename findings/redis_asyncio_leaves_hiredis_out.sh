#!/usr/bin/env bash
# With hiredis installed, redis-py's asyncio client joins every command in Python, and starts a task to send each.
#
# Tried with: redis 8.1.0, hiredis 3.5.0, Python 3.11 on Linux.
#
# One would guess: `redis[hiredis]` makes both clients of redis-py fast in both directions.
#
# What happens:
#   - The blocking client calls `hiredis.pack_command` once for each command. The asyncio client never does: it has its own
#     packer, argument by argument in Python. Only its parser of answers is hiredis's.
#   - With a `socket_timeout`, and since redis-py 8 that is the default, the asyncio client sends each command with
#     `asyncio.wait_for`, which starts a task in Python 3.11. With `socket_timeout=None` no task is started.
#
# Why it matters here: each write reads its region's projection first. A call of a script with 18 arguments cost the service more
# processor time than the script cost Redis. So calls go over connections that are kept, with `hiredis.pack_command`, and with one
# timer around a call.
#
# Needs: Python 3.11 or newer. Exit 0: still so. Exit 1: something changed.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check redis==8.1.0 hiredis==3.5.0
cat >packing.py <<'EOP'
import asyncio
import contextlib
import socket
import sys
import threading

import hiredis

packed = {"commands": 0}
join = hiredis.pack_command


def counted(arguments):
    packed["commands"] += 1
    return join(arguments)


hiredis.pack_command = counted  # Before redis-py looks at it.

import redis  # noqa: E402
import redis.asyncio  # noqa: E402

COMMANDS = 10


def serve(listener):
    def answer(connection):
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(b"+PONG\r\n" * data.count(b"*"))

    while True:
        with contextlib.suppress(OSError):
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def blocking(port):
    with redis.Redis(port=port, protocol=2, driver_info=None) as client:
        client.ping()
        before = packed["commands"]
        for _ in range(COMMANDS):
            assert client.ping()
        return packed["commands"] - before


async def asynchronous(port, **options):
    """How many commands hiredis joined, how many tasks were started, and the parser of answers."""
    tasks = {"started": 0}

    def factory(loop, work, **named):
        tasks["started"] += 1
        return asyncio.Task(work, loop=loop, **named)

    async with redis.asyncio.Redis(port=port, protocol=2, driver_info=None, single_connection_client=True, **options) as client:
        await client.ping()
        asyncio.get_running_loop().set_task_factory(factory)
        before = packed["commands"]
        for _ in range(COMMANDS):
            assert await client.ping()
        asyncio.get_running_loop().set_task_factory(None)
        return packed["commands"] - before, tasks["started"], type(client.connection._parser).__name__


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
port = listener.getsockname()[1]
seen = {
    "blocking: joined by hiredis": blocking(port),
    "asyncio without socket_timeout: joined by hiredis, tasks, parser": asyncio.run(asynchronous(port, socket_timeout=None)),
    "asyncio with its default: joined by hiredis, tasks, parser": asyncio.run(asynchronous(port)),
}
expected = {
    "blocking: joined by hiredis": COMMANDS,
    "asyncio without socket_timeout: joined by hiredis, tasks, parser": (0, 0, "_AsyncHiredisParser"),
    "asyncio with its default: joined by hiredis, tasks, parser": (0, COMMANDS, "_AsyncHiredisParser"),
}
print(f"of {COMMANDS} commands:")
for what, found in seen.items():
    print(f"  {what}: {found}")
sys.exit(seen != expected)
EOP
venv/bin/python packing.py
