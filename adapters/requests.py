"""Requests over one connection to NATS, and their answers."""

import asyncio
import secrets
from itertools import count

from nats.aio.msg import Msg

from adapters.direct_client import DirectClient

NO_RESPONDERS = "503"
"""The status of the server's own answer to a request without a responder."""


class Requests:
    """The requests that wait for an answer. All answers arrive on one subscription."""

    def __init__(self, client: DirectClient) -> None:
        self._client = client
        self._inbox = f"_INBOX.{secrets.token_hex(11)}"
        self._number = count()
        self._waiting: dict[str, asyncio.Future[Msg | None]] = {}

    async def open(self) -> None:
        """Subscribe to the answers. Raises `OSError`, `nats.errors.Error`."""
        await self._client.hand_over(f"{self._inbox}.*", self._answered)

    async def __call__(self, subject: str, payload: bytes, headers: dict[str, str] | None) -> Msg | None:
        """The answer, or None if `end` was called first. Raises `OSError`, `nats.errors.Error`."""
        inbox = f"{self._inbox}.{next(self._number)}"
        answer: asyncio.Future[Msg | None] = asyncio.get_running_loop().create_future()
        self._waiting[inbox] = answer
        try:
            await self._client.publish(subject, payload, reply=inbox, headers=headers)
            return await answer
        finally:
            del self._waiting[inbox]

    def end(self) -> None:
        """End every request: no answer will come."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    def _answered(self, message: Msg) -> None:
        answer = self._waiting.get(message.subject)
        if answer is not None and not answer.done():
            answer.set_result(message)


def has_no_responder(answer: Msg) -> bool:
    """Whether the server itself answered, because the request has no responder."""
    return answer.headers is not None and answer.headers.get("Status") == NO_RESPONDERS
