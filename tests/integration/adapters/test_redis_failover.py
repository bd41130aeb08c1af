"""A Redis that refuses writes is noticed without a write, its connections are closed, and it recovers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from adapters import projection as projection_module
from adapters.apply_result import Applied
from adapters.errors import Unavailable
from adapters.projection import Projection, open_projection
from core.registers import Query, Write
from deploy.local.network.ports import LOCALHOST
from tests.integration.adapters.runs import US, a_run, begun, current, outcome, stamped
from tests.redis_servers import name_of, raw, redis_server

SOON_SECONDS = 20.0
"""It takes a second or two, and more if other tests run on the machine."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection_module, "SIGN_OF_LIFE_SECONDS", 0.1)


@asynccontextmanager
async def asked(url: str, *, to_write: bool = True) -> AsyncIterator[Projection]:
    """A projection that sends signs of life."""
    async with open_projection(url, region=US) as projection:
        asking = asyncio.create_task(projection.keep_asking(to_write=to_write))
        try:
            yield projection
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_SECONDS):
        while not holds():
            await asyncio.sleep(0.01)


async def soon_done(work: Callable[[], Awaitable[object]]) -> None:
    """Return once `work` no longer fails."""
    async with asyncio.timeout(SOON_SECONDS):
        while True:
            with suppress(Unavailable):
                await work()
                return
            await asyncio.sleep(0.01)


async def test_after_a_demotion_the_new_master_is_found_by_its_name(tmp_path: Path) -> None:
    async with (
        redis_server(tmp_path / "a") as a,
        redis_server(tmp_path / "b") as b,
        name_of(a) as name,
        asked(name.url) as writer,
        asked(name.url, to_write=False) as reader,
        raw(a) as old,
        raw(b) as new,
    ):
        await current(writer)
        await writer.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
        await reader.read(Query(("k",)))

        await old.replicaof(LOCALHOST, str(b))
        await soon(lambda: "this Redis is a replica" in writer.unanswered)
        await soon(lambda: "this Redis is a replica" in reader.unanswered)
        for projection in (writer, reader):
            with pytest.raises(Unavailable, match="this Redis is a replica"):
                await projection.read(Query(("k",)))

        name.leads_to = b
        await soon(lambda: not (writer.unanswered or reader.unanswered or writer.refused))
        await current(writer)
        assert await outcome(writer, a_run(0, 1, Write("k", "f", stamped(1, "x")))) is Applied.APPLIED
        assert (await reader.read(Query(("k",)))).registers == {"k": {"f": stamped(1, "x")}}
        await soon(lambda: name.clients_of(a) == 0)
        assert await new.exists("k")


async def full(port: int, _: Path) -> None:
    async with raw(port) as client:
        await client.config_set("maxmemory", "1")


async def not_full(port: int, _: Path) -> None:
    async with raw(port) as client:
        await client.config_set("maxmemory", "0")


async def unable_to_save(port: int, directory: Path) -> None:
    (directory / "dump.rdb").mkdir()
    async with raw(port) as client:
        await client.config_set("save", "3600 1")
        await client.bgsave()
        async with asyncio.timeout(SOON_SECONDS):
            while (await client.info("persistence"))["rdb_last_bgsave_status"] != "err":
                await asyncio.sleep(0.01)


async def able_to_save(port: int, directory: Path) -> None:
    (directory / "dump.rdb").rmdir()
    async with raw(port) as client:
        await client.bgsave()


async def test_after_a_refused_write_the_name_is_looked_up_at_once(tmp_path: Path) -> None:
    """The look-up does not wait for the next sign of life."""
    async with (
        redis_server(tmp_path / "a") as a,
        redis_server(tmp_path / "b") as b,
        name_of(a) as name,
        open_projection(name.url, region=US) as projection,
    ):
        await current(projection)
        await full(a, tmp_path)
        name.leads_to = b
        with pytest.raises(Unavailable, match="OOM"):
            await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
        await begun(projection)
        assert await outcome(projection, a_run(0, 1)) is Applied.APPLIED
        assert name.clients_of(a) == 0


@pytest.mark.parametrize(
    ("trouble", "cure", "code"), [(full, not_full, "OOM"), (unable_to_save, able_to_save, "MISCONF")]
)
async def test_a_redis_that_refuses_writes_is_noticed_without_a_write_and_is_still_read(
    tmp_path: Path,
    trouble: Callable[[int, Path], Awaitable[None]],
    cure: Callable[[int, Path], Awaitable[None]],
    code: str,
) -> None:
    async with redis_server(tmp_path / "a") as port, asked(f"redis://127.0.0.1:{port}") as projection:
        await current(projection)
        await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
        await trouble(port, tmp_path / "a")
        await soon(lambda: projection.refused.startswith(code + " "))
        assert not projection.unanswered
        assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(1, "x")}}
        with pytest.raises(Unavailable, match=code):
            await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "y"))))
        await cure(port, tmp_path / "a")
        await soon(lambda: not projection.refused)
        assert await outcome(projection, a_run(1, 2)) is Applied.APPLIED


async def test_a_sign_of_life_stores_nothing(tmp_path: Path) -> None:
    async with (
        redis_server(tmp_path / "a") as port,
        asked(f"redis://127.0.0.1:{port}") as projection,
        raw(port) as client,
    ):
        await soon_done(projection.observe)
        before = (await client.info("commandstats"))["cmdstat_evalsha"]["calls"]

        async def has_asked_again() -> None:
            if (await client.info("commandstats"))["cmdstat_evalsha"]["calls"] < before + 2:
                raise Unavailable("not yet")

        await soon_done(has_asked_again)
        assert await client.dbsize() == 0
        assert not projection.refused


async def test_a_redis_in_cluster_mode_is_refused_at_every_connection_and_nothing_is_written(tmp_path: Path) -> None:
    async with (
        redis_server(tmp_path / "a", "--cluster-enabled", "yes") as a,
        redis_server(tmp_path / "b") as b,
        name_of(a) as name,
        asked(name.url) as projection,
        raw(a) as cluster,
    ):
        for call in (projection.observe, projection.begin, lambda: projection.read(Query(()))):
            with pytest.raises(Unavailable, match="this Redis is a cluster: give crosshook"):
                await call()
        assert projection.unanswered.startswith("this Redis is a cluster")
        assert await cluster.dbsize() == 0
        name.leads_to = b
        await soon(lambda: not projection.unanswered)
        await current(projection)
