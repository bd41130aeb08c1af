"""What each role may do at a region's NATS, as a table, and how a line of it is tried."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from core.positions import Region
from deploy.nats.accounts import COPIES, LOG, REPLICATOR, SERVICE, SYSTEM, peer

SECONDS = 1.0
"""How long what must not arrive is waited for: what may arrives in a few milliseconds."""


class Attempt(NamedTuple):
    """A request that the users in `may` may send and others may not."""

    subject: str
    body: object
    may: frozenset[str]

    @property
    def is_of_an_epoch(self) -> bool:
        """Whether it names the epoch of a log."""
        return "{epoch}" in f"{self.subject}{self.body}"


class Announcement(NamedTuple):
    """A user announces how far a region is, and whether a listener receives it."""

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
    def logs(self) -> tuple[str, str, str]:
        """The log of each region."""
        return stream(self.here), stream(self.far), stream(self.farther)

    @property
    def peers(self) -> tuple[str, str]:
        """The users that the replicators of the other regions are."""
        return peer(Region(self.far)), peer(Region(self.farther))

    @property
    def users(self) -> tuple[str, ...]:
        """Every user except those for repairs."""
        return SERVICE, REPLICATOR, *self.peers


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


ON_A_LOG = """STREAM.CREATE STREAM.UPDATE STREAM.INFO STREAM.DELETE STREAM.PURGE STREAM.MSG.GET STREAM.MSG.DELETE
STREAM.SNAPSHOT STREAM.RESTORE STREAM.LEADER.STEPDOWN STREAM.PEER.REMOVE STREAM.PEER.EVACUATE STREAM.CANCEL_MOVE
CONSUMER.CREATE CONSUMER.NAMES CONSUMER.LIST DIRECT.GET""".split()
"""What JetStream does with a log: `$JS.API.<this>.<log>`."""

ON_A_CONSUMER = """CONSUMER.CREATE CONSUMER.DURABLE.CREATE CONSUMER.INFO CONSUMER.DELETE CONSUMER.PAUSE CONSUMER.UNPIN
CONSUMER.RESET CONSUMER.MSG.NEXT CONSUMER.LEADER.STEPDOWN CONSUMER.PEER.REMOVE CONSUMER.PEER.EVACUATE""".split()
"""What JetStream does with a consumer of a log: `$JS.API.<this>.<log>.<consumer>`."""

ON_A_SUBJECT = ["CONSUMER.CREATE.{log}.x", "DIRECT.GET.{log}"]
"""What it does with some events of a log: `$JS.API.<this>.<subject>`."""

ON_AN_ACCOUNT = [
    "ACCOUNT.PURGE.{account}",
    "ACCOUNT.STREAM.MOVE.{account}.{log}",
    "ACCOUNT.STREAM.CANCEL_MOVE.{account}.{log}",
]
"""What it does with the account that a log is in."""

ON_ALL = [
    "INFO",
    "STREAM.NAMES",
    "STREAM.LIST",
    "META.LEADER.STEPDOWN",
    "META.RESCUE",
    "SERVER.REMOVE",
    "SERVER.EVACUATE",
]
"""What it does with nothing in particular."""

BESIDE_ITS_API = [
    "$JS.ACK.{log}.x.1.1.1.1.0",
    "$JS.FC.{log}.x.y",
    "$JS.SNAPSHOT.ACK.{log}.x",
    "$JS.SNAPSHOT.RESTORE.{log}.x",
    "$JS.EVENT.ADVISORY.STREAM.DELETED.{log}",
]
"""What JetStream also listens to, or others believe it to have said."""

OF_A_SERVER = """IDZ STATSZ VARZ SUBSZ CONNZ ROUTEZ GATEWAYZ LEAFZ ACCOUNTZ JSZ HEALTHZ EXPVARZ PROFILEZ RAFTZ IPQUEUESZ
KICK LDM RELOAD""".split()
OF_AN_ACCOUNT = "CONNZ LEAFZ SUBSZ JSZ INFO STATZ CONNS NSUBS CLAIMS.LOOKUP CLAIMS.UPDATE".split()
OF_THE_SYSTEM = [
    "$SYS.REQ.SERVER.PING",
    *(f"$SYS.REQ.SERVER.{which}.{what}" for which in ("PING", "{server}") for what in OF_A_SERVER),
    *(f"$SYS.REQ.ACCOUNT.{which}.{what}" for which in ("PING", LOG, COPIES, SYSTEM) for what in OF_AN_ACCOUNT),
    *(f"$SYS.REQ.CLAIMS.{what}" for what in ("LIST", "PACK", "UPDATE", "DELETE")),
    *(f"$SYS.REQ.USER.{what}" for what in ("INFO", "AUTH")),
    "$SYS.REQ.ACCOUNT.NSUBS",
    "$SYS.DEBUG.SUBSCRIBERS",
]
"""What a server tells, and does, if it is asked. `{server}` stands for its id."""

OF_ONESELF = (
    "$SYS.REQ.USER.INFO",
    "$SYS.REQ.SERVER.PING.CONNZ",
    "$SYS.REQ.ACCOUNT.PING.CONNZ",
    "$SYS.REQ.ACCOUNT.PING.STATZ",
)
"""What every server tells each user about the user's own account."""


def permitted(regions: Regions) -> dict[str, frozenset[str]]:
    """Which users may make which request. No user may make any other request to JetStream or the system."""
    own, copy, other_copy = regions.logs
    its_peer, other_peer = regions.peers
    everybody = frozenset(regions.users)
    replicator = frozenset({REPLICATOR})
    readers = {own: everybody, copy: {SERVICE, REPLICATOR, its_peer}, other_copy: {SERVICE, REPLICATOR, other_peer}}
    followers = {own: everybody, copy: replicator, other_copy: replicator}
    return {
        event(regions.here): frozenset({SERVICE}),
        event(regions.far): replicator,
        event(regions.farther): replicator,
        **{api("STREAM.CREATE", log): replicator for log in regions.logs},
        api("CONSUMER.LIST", own): replicator,
        **{api("STREAM.INFO", log): frozenset(users) for log, users in readers.items()},
        **{api("STREAM.MSG.GET", log): frozenset(users) for log, users in readers.items()},
        **{api("CONSUMER.CREATE", log): frozenset(users) for log, users in followers.items()},
        **{f"$JS.FC.{log}.x.y": frozenset(users) for log, users in followers.items()},
        **dict.fromkeys(OF_ONESELF, everybody),
    }


def attempts(regions: Regions) -> list[Attempt]:
    """Every action of JetStream on every log and on one that is none of them, and whatever else a server listens to.

    `{epoch}` stands for that of the log that an attempt is about.
    """
    may = permitted(regions)
    subjects = [
        *(event(region) for region in regions),
        *(subject for log in (*regions.logs, "MINE") for subject in _about(log, regions)),
        *(f"$JS.API.{action}" for action in ON_ALL),
        *OF_THE_SYSTEM,
    ]
    assert may.keys() <= set(subjects)
    return [Attempt(subject, _body(subject), may.get(subject, frozenset())) for subject in dict.fromkeys(subjects)]


def _about(log: str, regions: Regions) -> Iterator[str]:
    account = LOG if log == regions.own else COPIES
    yield from (api(action, log) for action in ON_A_LOG)
    yield from (f"{api(action, log)}.x" for action in ON_A_CONSUMER)
    for action in ON_A_SUBJECT:
        yield f"$JS.API.{action.format(log=log)}.{event(log.removeprefix('EVENTS_'))}"
    yield from (f"$JS.API.{action.format(account=account, log=log)}" for action in ON_AN_ACCOUNT)
    yield from (subject.format(log=log) for subject in BESIDE_ITS_API)


def _body(subject: str) -> object:
    """A body that makes sense to the server, if that makes a difference."""
    action, log = subject.removeprefix("$JS.API.").rpartition(".")[::2]
    bodies = {
        "STREAM.INFO": None,
        "STREAM.MSG.GET": {"seq": 1},
        "STREAM.CREATE": create(log),
        "CONSUMER.CREATE": follow(log, "deliver.{user}.x"),
    }
    return bodies.get(action, {})


def announcements(regions: Regions) -> list[Announcement]:
    """Each user announces its own watermarks at most."""
    speaks_for = dict(zip((REPLICATOR, *regions.peers), regions, strict=True))
    return [
        Announcement(user, region, is_heard=speaks_for.get(user) == region)
        for user in regions.users
        for region in regions
    ]


async def answer_to(client: Client, attempt: Attempt, *, user: str, epoch: str) -> bytes | None:
    """What the server answers `user`, or None if it refuses: no subscriber gets the request."""
    body = "" if attempt.body is None else json.dumps(attempt.body).replace("{user}", user).replace("{epoch}", epoch)
    subject = attempt.subject.replace("{epoch}", epoch)
    if "{server}" in subject:
        about_itself = await client.request(OF_ONESELF[0], b"", timeout=5)
        subject = subject.replace("{server}", json.loads(about_itself.data)["server"]["id"])
    try:
        answer = await client.request(subject, body.encode(), timeout=SECONDS)
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
