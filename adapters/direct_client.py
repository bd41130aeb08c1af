"""nats-py's client, with subscriptions whose messages are processed where they are read.

The client queues each message for a task of its subscription, and answers to requests as well. That takes more turns of
the event loop, and more of its time, than most messages do. Here a handler is called as soon as the message is read.
"""

from collections.abc import Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

log = structlog.get_logger()

Handler = Callable[[Msg], None]


def logging_errors(handler: Handler, *, subscription: str) -> Handler:
    """`handler` as one that does not raise: each type of error is logged once. The next message still arrives."""
    logged: set[type[Exception]] = set()

    def handle(message: Msg) -> None:
        try:
            handler(message)
        except Exception as error:
            if type(error) not in logged:
                logged.add(type(error))
                log.exception("a message could not be taken", subject=message.subject, subscription=subscription)

    return handle


class DirectClient(Client):
    """A client with handlers beside its other subscriptions. A handler must not raise."""

    def __init__(self) -> None:
        super().__init__()
        self._handlers: dict[int, Handler] = {}

    async def hand_over(self, subject: str, handler: Handler) -> Subscription:
        """Subscribe to `subject`, and call `handler` with each message, in their order.

        Nothing limits how many messages are waiting, since none is.
        """
        subscription = await self.subscribe(subject, pending_msgs_limit=0, pending_bytes_limit=0)
        arrived = subscription._pending_queue  # noqa: SLF001 - what came before the handler was known
        while not arrived.empty():
            handler(arrived.get_nowait())
        self._handlers[subscription._id] = handler  # noqa: SLF001 - no other name has it
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Call its handler no more."""
        self._handlers.pop(subscription._id, None)  # noqa: SLF001 - as above

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        handler = self._handlers.get(sid)
        if handler is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        parsed = await self._process_headers(headers) if headers else None
        handler(self._build_message(sid, subject, reply, data, parsed))
