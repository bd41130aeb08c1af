"""What each role may do in a region's Redis, as a table, and how everything else is tried."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple

import redis.asyncio
import redis.exceptions

from deploy.redis.configuration import REPLICATOR, SERVICE


class Permitted(NamedTuple):
    """A command, the first Redis that has it, and a call of it that does no harm."""

    command: str
    since: tuple[int, int]
    call: str


_SCRIPT = "return(1)"
_DIGEST = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()

CONNECTS = (
    Permitted("ping", (1, 0), "PING"),
    Permitted("select", (1, 0), "SELECT 0"),
    Permitted("info", (1, 0), "INFO server"),
    Permitted("script|load", (2, 6), f"SCRIPT LOAD {_SCRIPT}"),
    Permitted("evalsha", (2, 6), f"EVALSHA {_DIGEST} 0"),
)
READS = (
    Permitted("hget", (2, 0), "HGET k f"),
    Permitted("hgetall", (2, 0), "HGETALL k"),
    Permitted("hexists", (2, 0), "HEXISTS k f"),
    Permitted("hlen", (2, 0), "HLEN k"),
    Permitted("ttl", (1, 0), "TTL k"),
)
APPLIES = (
    Permitted("hset", (2, 0), "HSET k f v"),
    Permitted("hsetnx", (2, 0), "HSETNX k f v"),
    Permitted("hdel", (2, 0), "HDEL k f"),
    Permitted("del", (1, 0), "DEL k"),
    Permitted("expire", (1, 0), "EXPIRE k 10"),
    Permitted("flushdb", (1, 0), "FLUSHDB WRONG"),
)

PUBLISHES = Permitted("publish", (2, 0), "PUBLISH crosshook:watermarks:us-iowa x")
SUBSCRIBES = Permitted("subscribe", (2, 0), "SUBSCRIBE crosshook:watermarks:us-iowa")

PERMITTED = {SERVICE: (*CONNECTS, *READS, SUBSCRIBES), REPLICATOR: (*CONNECTS, *READS, *APPLIES, PUBLISHES)}
"""All that each user may: whatever else the Redis that runs has is forbidden. A connection that has subscribed can do
nothing else, so that comes last."""

_UNNAMED = """SCRIPT EXISTS x|SCRIPT FLUSH|SCRIPT KILL|SCRIPT DEBUG NO|SCRIPT HELP
ACL LOAD|ACL SAVE|ACL SETUSER service on nopass +@all|ACL DELUSER operator|ACL GETUSER operator|ACL LIST|ACL USERS
ACL LOG|ACL CAT|ACL GENPASS|ACL WHOAMI|ACL HELP
CLIENT LIST|CLIENT ID|CLIENT INFO|CLIENT KILL TYPE normal|CLIENT PAUSE 10|CLIENT UNPAUSE|CLIENT UNBLOCK 1
CLIENT REPLY OFF|CLIENT TRACKING ON|CLIENT TRACKINGINFO|CLIENT CACHING YES|CLIENT GETREDIR|CLIENT SETNAME x
CLIENT GETNAME|CLIENT HELP
CONFIG GET *|CONFIG SET maxmemory-policy allkeys-lru|CONFIG REWRITE|CONFIG RESETSTAT|CONFIG HELP
COMMAND COUNT|COMMAND INFO get|COMMAND GETKEYS GET x|COMMAND HELP|CLUSTER INFO|CLUSTER RESET|CLUSTER HELP
DEBUG SLEEP 0|DEBUG RELOAD|DEBUG SEGFAULT|DEBUG HELP|MODULE LOAD x|MODULE UNLOAD x|MODULE LIST|MODULE HELP
LATENCY LATEST|LATENCY HISTORY x|LATENCY DOCTOR|LATENCY GRAPH x|LATENCY RESET|LATENCY HELP
MEMORY USAGE k|MEMORY STATS|MEMORY DOCTOR|MEMORY MALLOC-STATS|MEMORY PURGE|MEMORY HELP
OBJECT ENCODING k|OBJECT FREQ k|OBJECT IDLETIME k|OBJECT REFCOUNT k|OBJECT HELP
PUBSUB CHANNELS|PUBSUB NUMSUB|PUBSUB NUMPAT|PUBSUB HELP|SLOWLOG GET|SLOWLOG LEN|SLOWLOG RESET|SLOWLOG HELP
XGROUP CREATE k g $|XGROUP DESTROY k g|XGROUP SETID k g $|XGROUP CREATECONSUMER k g c|XGROUP DELCONSUMER k g c
XGROUP HELP|XINFO STREAM k|XINFO GROUPS k|XINFO CONSUMERS k g|XINFO HELP"""
"""What Redis before 7 has and does not name when it is asked for its commands: their second words."""

_REFUSALS = (
    "no permissions",
    "command not allowed",
    "can't run this command",
    "can't publish to the channel",
    "not allowed from script",
)
"""For a missing permission; from version 7 on, for what is off (`DEBUG`, `MODULE LOAD`); and for scripts."""

_FOR_EVERY_USER = "no_auth"
"""How Redis marks the commands that it refuses no user: to authenticate, and to quit."""

Ask = Callable[..., Awaitable[object]]


async def rules_of(user: str, *, operator_url: str) -> set[str]:
    """What this Redis says that `user` may, as it has understood its configuration."""
    async with redis.asyncio.Redis.from_url(operator_url, decode_responses=True) as operator:
        described: Any = await operator.acl_getuser(user)
        return set(described["commands"])


async def channels_of(user: str, *, operator_url: str) -> list[str]:
    """The channels that this Redis says `user` may use."""
    async with redis.asyncio.Redis.from_url(operator_url, decode_responses=True) as operator:
        described: Any = await operator.acl_getuser(user)
        channels = described["channels"]
        return [str(channel) for channel in (channels if isinstance(channels, list) else channels.split())]


async def forbidden_to(user: str, *, operator_url: str) -> list[str]:
    """A call of everything that this Redis has and the table does not let `user` do."""
    calls = {" ".join(call.split(" ")[:2]).lower(): call for line in _UNNAMED.splitlines() for call in line.split("|")}
    async with redis.asyncio.Redis.from_url(operator_url, decode_responses=True) as operator:
        operator.set_response_callback("COMMAND", _as_it_came)
        for command in await operator.execute_command("COMMAND"):  # type: ignore[no-untyped-call]
            calls = dict(_calls_of(*command)) | calls
    may = {permitted.command.replace("|", " ") for permitted in PERMITTED[user]}
    return [call for name, call in calls.items() if name not in may]


def _as_it_came(response: Any, **_: Any) -> Any:  # noqa: ANN401 - Redis's own
    return response


def _calls_of(name: str, arity: int, flags: Iterable[str], *more: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
    """A call of a command, and of its second words where Redis names them, each of as many words as it must have."""
    subcommands = more[6] if more[6:] else ()
    if _FOR_EVERY_USER not in flags and (not subcommands or abs(arity) == 1):
        words = name.split("|")
        yield " ".join(words), " ".join([*words, *["x"] * (abs(arity) - len(words))])
    for subcommand in subcommands:
        yield from _calls_of(*subcommand)


def client_of(url: str) -> "redis.asyncio.Redis":
    """A client that speaks as the processes do: RESP2, which answers a SUBSCRIBE like any other command."""
    return redis.asyncio.Redis.from_url(url, protocol=2)


def from_a_script(client: "redis.asyncio.Redis") -> Ask:
    """To have a script of this user call something."""
    script = client.register_script("return redis.call(unpack(ARGV))")
    return lambda *words: script(args=words)


async def allowed(ask: Ask, calls: Iterable[str]) -> list[str]:
    """Those of `calls` that Redis does not refuse."""
    return [call for call in calls if not await _is_refused(ask, call)]


async def _is_refused(ask: Ask, call: str) -> bool:
    try:
        await ask(*call.split(" "))
    except redis.exceptions.ResponseError as error:
        return any(words in str(error).lower() for words in _REFUSALS)
    return False
