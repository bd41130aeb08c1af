"""One bare connection to a Redis: commands that are packed ahead are sent without any other work."""

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from bench.errors import Unmeasured

ANSWER_SECONDS_MAX = 30.0

Answer = bytes | int | None | list["Answer"]


def packed(*arguments: str | bytes) -> bytes:
    """A command as Redis receives it."""
    encoded = [argument if isinstance(argument, bytes) else argument.encode() for argument in arguments]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(one), one) for one in encoded)


class RedisConnection:
    """A connection that is logged in as its address says."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=ANSWER_SECONDS_MAX)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")
        if parts.username is not None:
            self.call("AUTH", unquote(parts.username), unquote(parts.password or ""))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._answers.close()
        self._socket.close()

    def call(self, *arguments: str) -> Answer:
        """The answer to one command. Raises `Unmeasured` for an error."""
        self._socket.sendall(packed(*arguments))
        return self._answer()

    def pipelined(self, commands: Sequence[bytes], *, window: int) -> list[Answer]:
        """The answers to packed commands, of which at most `window` have no answer yet. Raises `Unmeasured`."""
        answers: list[Answer] = []
        for number, command in enumerate(commands):
            if number >= window:
                answers.append(self._answer())
            self._socket.sendall(command)
        while len(answers) < len(commands):
            answers.append(self._answer())
        return answers

    def used_memory(self) -> int:
        """The bytes that Redis uses, without the buffers of its clients and of its append-only file."""
        answer = self.call("INFO", "memory")
        text = answer.decode() if isinstance(answer, bytes) else ""
        found = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        return int(found["used_memory"]) - int(found["mem_clients_normal"]) - int(found["mem_aof_buffer"])

    def _answer(self) -> Answer:
        line = self._answers.readline()
        kind, text = line[:1], line[1:-2]
        match kind:
            case b":":
                return int(text)
            case b"+":
                return bytes(text)
            case b"$":
                return None if text == b"-1" else self._answers.read(int(text) + 2)[:-2]
            case b"*":
                return [self._answer() for _ in range(int(text))]
            case _:
                raise Unmeasured(f"Redis answered {line.decode(errors='replace').strip() or 'nothing'}")
