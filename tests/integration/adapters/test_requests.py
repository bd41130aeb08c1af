"""Messages and answers are processed as soon as they are read, each once, in their order."""

import asyncio

import pytest
from nats.aio.msg import Msg

from adapters.connection import Connection
from adapters.direct_client import DirectClient
from adapters.errors import NotTaken, Unavailable
from adapters.session import Session
from deploy.local import LocalRegion
from tests.integration.adapters.logs import until


async def test_a_subscription_gets_every_message_once_and_in_order_while_others_get_theirs(session: Session) -> None:
    heard: list[bytes] = []
    others: list[bytes] = []
    subscription = await session.subscribe("told.here", lambda message: heard.append(message.data))
    await session.subscribe("told.there", lambda message: others.append(message.data))
    sent = [b"%d" % number * (number % 97) for number in range(5_000)]
    for payload in sent:
        await session.publish("told.here", payload)
        await session.publish("told.there", payload, headers={"one": "two"})
    await until(lambda: len(heard) == len(others) == len(sent))
    assert heard == others == sent
    await session.unsubscribe(subscription)
    await session.publish("told.here", b"late")
    await session.publish("told.there", b"late")
    await until(lambda: others[-1] == b"late")
    assert b"late" not in heard


async def test_messages_between_the_subscription_and_its_handler_are_not_lost(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe = DirectClient.subscribe

    async def slow(client: DirectClient, *arguments: object, **named: object) -> object:
        subscription = await subscribe(client, *arguments, **named)  # type: ignore[arg-type]
        for payload in (b"one", b"two"):
            await session.publish("early", payload)
        await session.client.flush()
        return subscription

    monkeypatch.setattr(DirectClient, "subscribe", slow)
    heard: list[bytes] = []
    await session.subscribe("early", lambda message: heard.append(message.data))
    assert heard == [b"one", b"two"]
    await session.publish("early", b"three")
    await until(lambda: heard == [b"one", b"two", b"three"])


async def test_each_request_gets_its_own_answer_whatever_their_order(session: Session) -> None:
    asked: list[Msg] = []
    await session.subscribe("asked", asked.append)
    requests = [
        asyncio.create_task(session.request("asked", b"%d" % number, timeout_seconds=5)) for number in range(50)
    ]
    await until(lambda: len(asked) == len(requests))
    for message in reversed(asked):
        await session.publish(message.reply, message.data + b"!")
    answers = [(await request).data for request in requests]
    assert answers == [b"%d!" % number for number in range(50)]


async def test_an_answer_after_the_end_of_its_request_changes_nothing(session: Session) -> None:
    asked: list[Msg] = []
    await session.subscribe("asked", asked.append)
    with pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
        await session.request("asked", b"", timeout_seconds=0.2)
    cancelled = asyncio.create_task(session.request("asked", b"", timeout_seconds=5))
    await until(lambda: len(asked) == 2)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    for message in asked:
        await session.publish(message.reply, b"late")
    answering = asyncio.create_task(session.request("asked", b"", timeout_seconds=5))
    await until(lambda: len(asked) == 3)
    await session.publish(asked[-1].reply, b"first")
    await session.publish(asked[-1].reply, b"second")
    assert (await answering).data == b"first"


async def test_a_request_without_a_responder_fails_at_once(session: Session) -> None:
    begin = asyncio.get_running_loop().time()
    with pytest.raises(NotTaken, match="no responders"):
        await session.request("unheard", b"", timeout_seconds=30)
    assert asyncio.get_running_loop().time() < begin + 5


async def test_requests_end_with_their_session(region: LocalRegion, connection: Connection) -> None:
    session = await connection.session()
    await session.subscribe("asked", lambda _: None)
    waiting = asyncio.create_task(session.request("asked", b"", timeout_seconds=60))
    await session.client.flush()
    await region.nats.kill()
    try:
        with pytest.raises(Unavailable, match="the connection is lost"):
            async with asyncio.timeout(10):
                await waiting
    finally:
        await region.nats.restart()
    with pytest.raises(Unavailable, match="the connection is lost"):
        await session.request("asked", b"", timeout_seconds=60)
