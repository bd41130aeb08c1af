"""The bytes of a connection that no handler has yet: the size of a head, and a part of the process's budget."""

from collections.abc import Iterator
from typing import Any

from runtime.bounds import Bounds
from runtime.budget import Budget, Holder
from runtime.client_address import address_of
from runtime.endings import EndingProtocol
from runtime.messages import Part
from runtime.refusals import Refusal, Refused

HEAD_BYTES_MAX = 64 * 1024
"""The largest head of a request, and the most bytes between parts of its body, give or take `PIECE_BYTES`."""

PIECE_BYTES = 4 * 1024
"""The parser does not report how much it buffers. So it receives small pieces, and this process counts their bytes
until the parser reports a whole head, or a part of a body."""

_LARGE_HEAD = Refusal(431, f"head: expected at most {HEAD_BYTES_MAX} bytes", "head_bytes")


class BufferingProtocol(EndingProtocol):
    """uvicorn's protocol, which counts no bytes.

    A request counts from its first byte until its last one is here: from then on its handler has it. So one that
    arrives at once counts nothing. A request behind others on the connection counts until they are answered. Bytes are
    counted to `PIECE_BYTES`.
    """

    __slots__ = (
        "_bounds",
        "_budget",
        "_held_bytes",
        "_holders",
        "_message_bytes",
        "_pipelined_bytes",
        "_unparsed_bytes",
    )

    def __init__(self, *, bounds: Bounds, budget: Budget, **of_uvicorn: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**of_uvicorn)
        self._bounds = bounds
        self._budget = budget
        self._holders: tuple[Holder, ...] = ()
        self._held_bytes = 0
        self._unparsed_bytes = 0
        self._message_bytes = 0
        self._pipelined_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Give all bytes back."""
        self._hold(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes that arrived. Refuse a head, or bytes between parts of a body, beyond `HEAD_BYTES_MAX`."""
        for start in range(0, len(data), PIECE_BYTES):
            if self.transport.is_closing():
                break
            piece = data[start : start + PIECE_BYTES]
            self._unparsed_bytes += len(piece)
            self._message_bytes += len(piece)
            super().data_received(piece)
            if self._unparsed_bytes > HEAD_BYTES_MAX:
                self.refuse(_LARGE_HEAD)
        if self._message_bytes or self._pipelined_bytes or self._held_bytes:  # Hardly ever: most requests arrive whole.
            self._count_held()

    def on_headers_complete(self) -> None:
        """Check the size of the head, and start its request."""
        if self._unparsed_bytes > HEAD_BYTES_MAX:
            raise Refused(_LARGE_HEAD)
        self._unparsed_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Start the count anew: the bytes so far belong to the body."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Start the count anew: the next bytes belong to the next message."""
        self._unparsed_bytes = 0
        super().on_message_complete()
        if self.pipeline:
            self._pipelined_bytes += self._message_bytes
        self._message_bytes = 0

    def on_response_complete(self) -> None:
        """Start the next request, or close."""
        super().on_response_complete()
        if not self.pipeline:
            self._pipelined_bytes = 0
        if self._held_bytes:
            self._count_held()

    def _count_held(self) -> None:
        if (refusal := self._hold(self._unfinished_bytes())) is not None:
            self.refuse(refusal)

    def _unfinished_bytes(self) -> int:
        if self._refusal is not None or self.transport.is_closing():
            return 0
        is_unread = self.part is Part.BODY and self.cycle.response_started
        return self._pipelined_bytes + (0 if is_unread else self._message_bytes)

    def _hold(self, count: int) -> Refusal | None:
        """Hold so many bytes instead of those before. If there is no room, none are held."""
        if self._held_bytes:
            self._budget.give_back(self._holders, self._held_bytes)
            self._held_bytes = 0
        if not count:
            return None
        holders = tuple(self._present_holders())
        refusal = self._budget.take(holders, count)
        if refusal is None:
            self._holders, self._held_bytes = holders, count
        return refusal

    def _present_holders(self) -> Iterator[Holder]:
        """The client's address, and the key that the head shows once it is whole."""
        is_named = self.part is not Part.HEAD and bool(self.scope)
        headers = self.scope["headers"] if is_named else ()
        yield address_of(self.client, headers, trusted_proxies=self._bounds.trusted_proxies)
        yield from (value for name, value in headers if name in self._bounds.key_headers)
