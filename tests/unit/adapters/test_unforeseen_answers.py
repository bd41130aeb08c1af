"""An answer of an unexpected shape counts as no answer. It does not end the process."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from adapters import jetstream
from adapters.errors import Unavailable
from adapters.log_info import log_info
from adapters.publishing import publish
from adapters.session import Session

UNFORESEEN = "unforeseen shape"


class Server:
    """A session with a server that answers everything with `answer`."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.client = self
        self.bytes_max = 1_024

    async def request(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(data=self.answer)

    def served(self) -> None:
        pass

    def unserved(self) -> None:
        pass


def answering(answer: bytes) -> Session:
    return cast("Session", cast("Any", Server(answer)))


ANSWERS = [
    b"",
    b"no JSON",
    b"[]",
    b'{"error": 5}',
    b'{"config": {}}',
    b'{"message": {"seq": "one"}}',
    b'{"seq": "one"}',
]


@pytest.mark.parametrize("answer", ANSWERS)
async def test_the_description_of_a_stream(answer: bytes) -> None:
    with pytest.raises(Unavailable, match=UNFORESEEN):
        await jetstream.stream_info(answering(answer), "S")


@pytest.mark.parametrize("answer", [*ANSWERS, b'{"message": {"subject": "s", "seq": 1, "data": "a"}}'])
async def test_a_stored_message(answer: bytes) -> None:
    with pytest.raises(Unavailable, match=UNFORESEEN):
        await jetstream.stored_message(answering(answer), "S", 1)


@pytest.mark.parametrize("answer", [b"", b"no JSON", b"[]", b'{"error": 5}', b'{"seq": "one"}'])
async def test_the_acknowledgement_of_an_event(answer: bytes) -> None:
    with pytest.raises(Unavailable, match=UNFORESEEN):
        await publish(answering(answer), "", [("s", b"", "")], after=0)


@pytest.mark.parametrize("reply", ["", "$JS.ACK.S.C.1", "$JS.ACK.S.C.1.one.1.1.0"])
def test_the_reply_subject_of_a_delivered_event(reply: str) -> None:
    with pytest.raises(Unavailable, match=UNFORESEEN):
        jetstream.sequence_of(reply)


@pytest.mark.parametrize("ancestors", ["k3v9x2", "k3v9x2:five", "a:1:2"])
def test_the_metadata_of_a_stream(ancestors: str) -> None:
    info = described(version="2.15.1", ancestors=ancestors)
    with pytest.raises(Unavailable, match=r"S: crosshook\.ancestors is not EPOCH:SEQUENCE"):
        log_info(msgspec.json.decode(info, type=jetstream.StreamInfo))


async def test_a_stream_that_an_older_server_leads_is_not_used_though_the_session_is_with_a_newer_one() -> None:
    """This happens in a cluster whose servers are upgraded one by one."""
    with pytest.raises(Unavailable, match=r"the leader of S: NATS 2\.12 or newer is needed, this is 2\.11\.11"):
        await jetstream.stream_info(answering(described(version="2.11.11")), "S")
    assert (await jetstream.stream_info(answering(described(version="2.15.1")), "S")).state.last_seq == 5


def described(*, version: str, ancestors: str = "") -> bytes:
    metadata = {"_nats.ver": version, "crosshook.ancestors": ancestors}
    config = {"name": "S", "subjects": ["s.>"], "metadata": metadata}
    return msgspec.json.encode({"config": config, "state": {"last_seq": 5}, "cluster": {"leader": "one"}})
