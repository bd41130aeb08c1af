"""Who may do what at a region's NATS, as a table, and how a line of it is tried."""

import json
from typing import NamedTuple

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from core.positions import Region
from deploy.nats.accounts import OBSERVER, REPLICATOR, SERVICE, peer

SECONDS = 1.0
"""How long what must not arrive is waited for: what may arrives in a few milliseconds."""


class Attempt(NamedTuple):
    """A request that the users in `may` may send and others may not."""

    subject: str
    body: object
    may: frozenset[str]


class Announcement(NamedTuple):
    """Who says how far which region is, and whether anybody hears it."""

    user: str
    region: str
    is_heard: bool


class Regions(NamedTuple):
    """A region whose NATS is tried, and two others."""

    here: str
    far: str
    farther: str

    @property
    def own(self) -> str:
        """The log of `here`."""
        return stream(self.here)

    @property
    def peers(self) -> tuple[str, str]:
        """The users that the replicators of the other regions are."""
        return peer(Region(self.far)), peer(Region(self.farther))

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who is let in and repairs nothing."""
        return SERVICE, REPLICATOR, OBSERVER, *self.peers


def stream(origin: str) -> str:
    """The log of `origin`, here or as a copy."""
    return f"EVENTS_{origin}"


def event(origin: str, epoch: str = "{epoch}") -> str:
    """The subject of an event."""
    return f"events.{origin}.{epoch}.webhook_created.v1"


def api(call: str, log: str) -> str:
    """The subject of a call about a log."""
    return f"$JS.API.{call}.{log}"


def follow(log: str, deliver: str) -> object:
    """What asks that a log's events be delivered."""
    config = {"deliver_subject": deliver, "deliver_policy": "all", "ack_policy": "none", "max_deliver": 1}
    return {"stream_name": log, "config": config}


def create(log: str) -> object:
    """What asks that a log be created."""
    return {"name": log, "subjects": [f"events.{log.removeprefix('EVENTS_')}.{{epoch}}.>"], "deny_purge": True}


def attempts(regions: Regions) -> list[Attempt]:
    """Every action of JetStream on every log, and some beyond. `{epoch}` stands for that of the log it is about."""
    own, copy, other_copy = (stream(region) for region in regions)
    its_peer, other_peer = regions.peers
    nobody: frozenset[str] = frozenset()
    everybody = frozenset(regions.users)
    own_processes = frozenset({SERVICE, REPLICATOR})
    replicator = frozenset({REPLICATOR})
    return [
        Attempt(event(regions.here), {}, frozenset({SERVICE})),
        Attempt(event(regions.far), {}, replicator),
        Attempt(event(regions.farther), {}, replicator),
        Attempt(api("STREAM.INFO", own), None, everybody),
        Attempt(api("STREAM.INFO", copy), None, own_processes | {its_peer}),
        Attempt(api("STREAM.INFO", other_copy), None, own_processes | {other_peer}),
        Attempt(api("STREAM.MSG.GET", own), {"seq": 1}, everybody),
        Attempt(api("STREAM.MSG.GET", copy), {"seq": 1}, own_processes | {its_peer}),
        Attempt(api("STREAM.MSG.GET", other_copy), {"seq": 1}, own_processes | {other_peer}),
        Attempt(api("CONSUMER.CREATE", own), follow(own, "deliver.{user}.x"), own_processes | {its_peer, other_peer}),
        Attempt(api("CONSUMER.CREATE", copy), follow(copy, "deliver.{user}.x"), replicator),
        Attempt(api("CONSUMER.CREATE", other_copy), follow(other_copy, "deliver.{user}.x"), replicator),
        Attempt(api("STREAM.CREATE", own), create(own), replicator),
        Attempt(api("STREAM.CREATE", copy), create(copy), replicator),
        Attempt(api("STREAM.CREATE", "MINE"), create("MINE"), nobody),
        *(
            Attempt(api(call, log), {}, nobody)
            for log in (own, copy)
            for call in (
                "STREAM.UPDATE",
                "STREAM.DELETE",
                "STREAM.PURGE",
                "STREAM.MSG.DELETE",
                "STREAM.SNAPSHOT",
                "STREAM.RESTORE",
                "STREAM.LEADER.STEPDOWN",
                "STREAM.PEER.REMOVE",
                "CONSUMER.NAMES",
                "CONSUMER.LIST",
                "DIRECT.GET",
            )
        ),
        Attempt("$JS.API.STREAM.NAMES", None, nobody),
        Attempt("$JS.API.STREAM.LIST", None, nobody),
        Attempt("$JS.API.INFO", None, nobody),
        Attempt("$JS.API.ACCOUNT.PURGE.LOG", None, nobody),
        Attempt("$SYS.REQ.SERVER.PING", None, nobody),
        Attempt("$SYS.REQ.ACCOUNT.LOG.INFO", None, nobody),
    ]


def announcements(regions: Regions) -> list[Announcement]:
    """Everybody announces his own watermarks at most."""
    speaks_for = dict(zip((REPLICATOR, *regions.peers), regions, strict=True))
    return [
        Announcement(user, region, is_heard=speaks_for.get(user) == region)
        for user in regions.users
        for region in regions
    ]


async def answer_to(client: Client, attempt: Attempt, *, user: str, epoch: str) -> bytes | None:
    """What the server answers `user`, or None where it refuses: nobody gets to see the request."""
    body = "" if attempt.body is None else json.dumps(attempt.body).replace("{user}", user).replace("{epoch}", epoch)
    try:
        answer = await client.request(attempt.subject.replace("{epoch}", epoch), body.encode(), timeout=SECONDS)
    except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
        return None
    return answer.data


async def heard_by(client: Client) -> list[bytes]:
    """What is announced to it from now on."""
    heard: list[bytes] = []

    async def on_message(message: Msg) -> None:
        heard.append(message.data)

    await client.subscribe("watermarks.*", cb=on_message)
    await client.flush()
    return heard
