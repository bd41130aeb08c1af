"""The projection in a real Redis: what its scripts apply, refuse, and admit."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec
import pytest
import redis
import redis.asyncio
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import NotCurrent, Unavailable
from adapters.projection import CALLS_AT_ONCE_MAX, STATE_KEY, Applied, Projection, Required, Run, open_projection
from core.codec import encode, fingerprint
from core.events import AnyEvent, Envelope, TriggerCreated, WebhookCreated
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import Query, Recall, Record, Write, merge, value_of
from core.registry import writes_of
from core.stamps import STAMP_WIDTH, Clock, render, stamp
from core.topology import subject_of
from core.webhooks import query_webhooks, webhook_key, webhooks_in
from deploy.local import LocalRegion
from deploy.redis.configuration import REPLICATOR, SERVICE
from tests.integration.adapters.logs import until

US, EU, JP = ORIGINS = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
Raw = redis.asyncio.Redis
Registers = dict[str, dict[str, str]]


def at(sequence: int, name: str = "", epoch: Epoch = EPOCH) -> Mark:
    return Mark(epoch, Sequence(sequence), f"{name or 'e'}{sequence:015x}") if sequence else BEGINNING


def stamped(clock: int, value: str, origin: int = 0) -> str:
    return f"{clock:018x}{origin:06x}{clock:012x}{value}"


def a_run(
    before: int, last: int, *writes: Write, origin: Region = US, name: str = "", epoch: Epoch = EPOCH, clock: int = 0
) -> Run:
    return Run(
        origin=origin,
        before=at(before, name, epoch),
        last=at(last, name, epoch),
        clock_text=render(Clock(clock or last)),
        writes=writes,
    )


async def begun(projection: Projection, **ends: int) -> str:
    """A projection that has to reach `ends` (of us_iowa and so on) to be current."""
    incarnation = await projection.begin()
    await projection.require(
        incarnation, {Region(origin.replace("_", "-")): at(sequence) for origin, sequence in ends.items()}
    )
    return incarnation


async def current(projection: Projection) -> str:
    incarnation = await begun(projection)
    assert (await projection.observe()).is_current
    return incarnation


async def registers_in(raw: Raw) -> Registers:
    keys = [key async for key in raw.scan_iter(count=1_000) if key != STATE_KEY]
    return {str(key): {str(name): str(text) for name, text in (await raw.hgetall(key)).items()} for key in keys}


async def outcome(projection: Projection, run: Run) -> Applied:
    return (await projection.apply(run)).outcome


# Applying


async def test_a_run_is_applied_with_its_watermark_and_clock_in_one_step(projection: Projection, raw: Raw) -> None:
    incarnation = await current(projection)
    result = await projection.apply(a_run(0, 3, Write("webhook:1", "name", stamped(3, "hook")), clock=9))
    assert result == (Applied.APPLIED, incarnation, True, at(3))
    view = await projection.read(Query(("webhook:1",)))
    assert view.vector == {US: at(3)}
    assert view.clock == 9
    assert view.registers == {"webhook:1": {"name": stamped(3, "hook")}}
    assert await registers_in(raw) == view.registers


async def test_a_run_that_was_applied_already_is_a_duplicate_and_changes_nothing(
    projection: Projection, raw: Raw
) -> None:
    await current(projection)
    write = Write("webhook:1", "name", stamped(3, "hook"))
    await projection.apply(a_run(0, 3, write))
    before = await raw.hgetall(STATE_KEY)
    for run in (a_run(0, 3, write), a_run(0, 2, Write("k", "f", stamped(1, "x"))), a_run(1, 3), a_run(2, 3)):
        result = await projection.apply(run)
        assert (result.outcome, result.mark) == (Applied.DUPLICATE, at(3))
    assert await raw.hgetall(STATE_KEY) == before
    assert await registers_in(raw) == {"webhook:1": {"name": stamped(3, "hook")}}


async def test_a_run_that_begins_in_what_is_applied_and_ends_beyond_it_is_applied(projection: Projection) -> None:
    """Two replicators cut the same events into different runs."""
    await current(projection)
    await projection.apply(a_run(0, 3, Write("k", "f", stamped(3, "three"))))
    overlapping = a_run(1, 5, Write("k", "f", stamped(3, "three")), Write("k", "f", stamped(5, "five")))
    assert (await projection.apply(overlapping)).mark == at(5)
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(5, "five")}}


@pytest.mark.parametrize(("before", "last"), [(4, 5), (4, 9), (99, 100)])
async def test_a_gap_is_refused_and_nothing_of_it_is_written(
    projection: Projection, raw: Raw, before: int, last: int
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 3))
    result = await projection.apply(a_run(before, last, Write("k", "f", stamped(last, "x"))))
    assert (result.outcome, result.mark) == (Applied.GAP, at(3))
    assert await registers_in(raw) == {}


async def test_the_first_event_of_all_is_a_gap_if_it_is_not_the_first(projection: Projection) -> None:
    await current(projection)
    result = await projection.apply(a_run(1, 2))
    assert (result.outcome, result.mark) == (Applied.GAP, BEGINNING)


@pytest.mark.parametrize(
    "run",
    [
        a_run(3, 4, Write("k", "f", stamped(4, "x")), name="f"),
        a_run(2, 3, Write("k", "f", stamped(3, "x")), name="f"),
        a_run(3, 4, Write("k", "f", stamped(4, "x")), epoch=Epoch("another")),
        a_run(0, 1, Write("k", "f", stamped(1, "x")), epoch=Epoch("another")),
        a_run(0, 9, Write("k", "f", stamped(1, "x")), epoch=Epoch("another")),
    ],
    ids=["after another event", "another event", "another epoch", "its first event", "a longer log"],
)
async def test_a_fork_is_refused_and_nothing_of_it_is_written(projection: Projection, raw: Raw, run: Run) -> None:
    await current(projection)
    await projection.apply(a_run(0, 3))
    result = await projection.apply(run)
    assert (result.outcome, result.mark) == (Applied.FORKED, at(3))
    assert await registers_in(raw) == {}
    assert (await projection.observe()).vector == {US: at(3)}


async def test_origins_do_not_stand_in_one_anothers_way(projection: Projection) -> None:
    await current(projection)
    for origin, count in ((US, 3), (EU, 5), (JP, 7)):
        assert await outcome(projection, a_run(0, count, origin=origin)) is Applied.APPLIED
    assert (await projection.observe()).vector == {US: at(3), EU: at(5), JP: at(7)}


async def test_the_clock_never_goes_back(projection: Projection) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, clock=2**70))
    await projection.apply(a_run(1, 2, clock=5))
    assert (await projection.read(Query(()))).clock == 2**70


async def test_a_run_that_was_cut_off_half_way_is_applied_whole_when_it_is_run_again(
    projection: Projection, raw: Raw
) -> None:
    """A key of the wrong kind stops the script in its midst, after its first writes and before the watermark."""
    await current(projection)
    run = a_run(0, 2, *(Write(f"k{number}", "f", stamped(2, "x")) for number in range(4)))
    await raw.set("k2", "no hash")
    with pytest.raises(Unavailable):
        await projection.apply(run)
    await raw.delete("k2")
    assert set(await registers_in(raw)) == {"k0", "k1"}
    assert (await projection.observe()).vector == {}
    assert await outcome(projection, run) is Applied.APPLIED
    assert set(await registers_in(raw)) == {"k0", "k1", "k2", "k3"}


async def test_many_who_apply_the_same_events_at_once_apply_each_once(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    async with open_projection(region.redis_url) as rival:
        applied = 0
        for sequence in range(1, 41):
            run = a_run(sequence - 1, sequence)
            outcomes = [result.outcome for result in await asyncio.gather(projection.apply(run), rival.apply(run))]
            assert sorted(outcomes) == [Applied.APPLIED, Applied.DUPLICATE]
            applied += 1
    assert (await projection.observe()).vector == {US: at(applied)}


async def test_a_large_run_with_bytes_of_every_kind_arrives_as_it_was_sent(projection: Projection) -> None:
    await current(projection)
    value = "".join(map(chr, range(1, 0x250))) + "\u2028\U0001f980" + "x" * 60_000
    writes = [Write("k:\u00e9 %s\n", f"f{number}", stamped(1, value)) for number in range(100)]
    await projection.apply(a_run(0, 1, *writes))
    found = (await projection.read(Query(("k:\u00e9 %s\n",)))).registers["k:\u00e9 %s\n"]
    assert found == {f"f{number}": stamped(1, value) for number in range(100)}


# Reading


async def test_a_key_whose_fields_are_followed_is_read_with_what_they_name(projection: Projection) -> None:
    await current(projection)
    writes = [Write("list", name, stamped(1, "")) for name in ("a", "b")]
    await projection.apply(a_run(0, 1, *writes, Write("item:a", "f", stamped(1, "x"))))
    view = await projection.read(Query(("list",), follow="item:"))
    assert view.registers["item:a"] == {"f": stamped(1, "x")}
    assert set(view.registers) == {"list", "item:a", "item:b"}


async def test_nobody_reads_from_a_redis_that_nobody_has_seen(projection: Projection) -> None:
    with pytest.raises(NotCurrent):
        await projection.read(Query(()))
    assert await outcome(projection, a_run(0, 1)) is Applied.UNSEEN
    state = await projection.observe()
    assert (state.incarnation, state.is_current, state.is_required_known, state.vector) == ("", False, False, {})


async def test_nobody_reads_before_every_required_end_is_reached(projection: Projection) -> None:
    await begun(projection, us_iowa=2, europe_belgium=1)
    required = {US: Required(EPOCH, Sequence(2)), EU: Required(EPOCH, Sequence(1))}
    for run, expected in (
        (a_run(0, 1), False),
        (a_run(1, 2), False),
        (a_run(0, 1, origin=EU), True),
    ):
        await projection.apply(run)
        state = await projection.observe()
        assert (state.is_current, state.required) == (expected, required)
        if not expected:
            with pytest.raises(NotCurrent):
                await projection.read(Query(()))
    assert (await projection.read(Query(()))).vector == {US: at(2), EU: at(1)}


async def test_reaching_the_ends_of_another_epoch_is_not_reaching_them(projection: Projection) -> None:
    await begun(projection, us_iowa=1)
    await projection.apply(a_run(0, 5, epoch=Epoch("another")))
    assert not (await projection.observe()).is_current


async def test_an_origin_that_stops_somewhere_is_not_waited_for_once_it_has_got_exactly_there(
    projection: Projection,
) -> None:
    await begun(projection, us_iowa=3, europe_belgium=1)
    await projection.apply(a_run(0, 1, origin=EU))
    stops_at = {US: Sequence(2)}
    for last in (0, 1):
        await projection.apply(a_run(0, last))
        assert not (await projection.observe(stops_at=stops_at)).is_current, f"it is at {last} only"
    await projection.apply(a_run(1, 2))
    assert not (await projection.observe()).is_current
    assert not (await projection.observe(stops_at={US: Sequence(1)})).is_current, "somebody got farther"
    assert not (await projection.observe(stops_at={EU: Sequence(1)})).is_current, "that is another origin"
    assert (await projection.observe(stops_at=stops_at)).is_current


async def test_an_origin_that_stops_at_its_first_event_is_not_waited_for(projection: Projection) -> None:
    await begun(projection, us_iowa=1)
    assert (await projection.observe(stops_at={US: Sequence(0)})).is_current


async def test_an_origin_of_another_epoch_is_not_excused_wherever_it_stops(projection: Projection) -> None:
    await begun(projection, us_iowa=5)
    await projection.apply(a_run(0, 2, epoch=Epoch("another")))
    assert not (await projection.observe(stops_at={US: Sequence(2)})).is_current


async def test_the_first_word_on_what_is_required_counts(projection: Projection) -> None:
    incarnation = await begun(projection, us_iowa=5)
    await projection.require(incarnation, {})
    assert not (await projection.observe()).is_current


async def test_what_is_required_of_another_incarnation_is_required_of_nobody(projection: Projection) -> None:
    await projection.begin()
    await projection.require("another", {})
    state = await projection.observe()
    assert not state.is_required_known
    assert not state.is_current


async def test_all_who_see_a_redis_first_agree_on_its_incarnation(region: LocalRegion, projection: Projection) -> None:
    async with open_projection(region.redis_url) as rival:
        found = await asyncio.gather(*(one.begin() for one in (projection, rival) * 5))
    assert len(set(found)) == 1


async def test_what_is_current_stays_current_while_more_is_applied(projection: Projection) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1))
    assert (await projection.observe()).is_current


@pytest.mark.parametrize("command", ["FLUSHALL", "FLUSHDB", f"DEL {STATE_KEY}"])
async def test_emptying_redis_is_noticed_by_the_very_next_read_and_the_very_next_run(
    projection: Projection, raw: Raw, command: str
) -> None:
    before = await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
    await raw.execute_command(command)  # type: ignore[no-untyped-call]
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    assert await outcome(projection, a_run(1, 2)) is Applied.UNSEEN
    assert (await projection.observe()).incarnation == ""
    after = await projection.begin()
    assert after != before
    assert not (await projection.observe()).is_current, "what it has to reach now is not known yet"
    assert await outcome(projection, a_run(1, 2)) is Applied.GAP


async def test_a_redis_that_was_restarted_is_another_incarnation_with_its_watermarks_kept(
    region: LocalRegion, projection: Projection
) -> None:
    before = await current(projection)
    await projection.apply(a_run(0, 3, Write("k", "f", stamped(3, "x"))))
    await region.redis.restart()
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    assert (await projection.observe()).incarnation == ""
    after = await begun(projection, us_iowa=4)
    assert after != before
    state = await projection.observe()
    assert (state.is_current, state.vector) == (False, {US: at(3)})
    await projection.apply(a_run(3, 4))
    assert (await projection.observe()).is_current
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(3, "x")}}


async def test_a_redis_set_back_to_older_files_lost_marks_and_registers_together_and_says_so(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "one"))))
    await region.redis.stop()
    old = await region.redis.keep_files()
    await region.redis.restart()
    await begun(projection, us_iowa=1)
    await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "two"))))
    await region.redis.stop()
    await region.redis.put_back_files(old)
    await region.redis.restart()
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    await begun(projection, us_iowa=2)
    assert (await projection.observe()).vector == {US: at(1)}
    await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "two"))))
    assert (await projection.observe()).is_current
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(2, "two")}}


async def test_a_redis_that_is_down_or_silent_is_unavailable_within_a_bound(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    await region.redis.stop()
    with pytest.raises(Unavailable, match=r"^Redis: "):
        await projection.read(Query(()))
    await region.redis.restart()
    region.redis.pause()
    try:
        begin = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable, match=r"^Redis: "):
            await projection.observe()
        assert asyncio.get_running_loop().time() - begin < 5
        assert projection.unanswered
    finally:
        region.redis.resume()
    await projection.observe()
    assert not projection.unanswered


async def test_a_redis_that_takes_no_writes_tells_no_lies(projection: Projection, raw: Raw) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
    await raw.config_set("maxmemory", "1")
    try:
        with pytest.raises(Unavailable):
            await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "y"))))
        assert not projection.unanswered, "it says no, which is an answer"
        view = await projection.read(Query(("k",)))
    finally:
        await raw.config_set("maxmemory", "0")
    assert (view.vector, view.registers) == ({US: at(1)}, {"k": {"f": stamped(1, "x")}})


@pytest.fixture
async def evicting(raw: Raw) -> AsyncIterator[str]:
    """A Redis that may drop what it holds, as soon as `CONFIG SET` is called with this policy."""
    yield "allkeys-lru"
    await raw.config_set("maxmemory-policy", "noeviction")


async def test_a_redis_that_may_evict_is_not_current_until_it_was_mended_and_emptied(
    projection: Projection, raw: Raw, evicting: str
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
    await raw.config_set("maxmemory-policy", evicting)
    state = await projection.observe()
    assert (state.is_current, state.tainted) == (False, evicting)
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    before = await registers_in(raw)
    assert await outcome(projection, a_run(1, 2, Write("k", "f", stamped(2, "y")))) is Applied.TAINTED
    assert await registers_in(raw) == before

    # What it dropped meanwhile it does not get back by dropping no more.
    await raw.config_set("maxmemory-policy", "noeviction")
    for state in (await projection.observe(stops_at={US: Sequence(1)}), await projection.observe()):
        assert (state.is_current, state.tainted) == (False, evicting)
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))

    await raw.flushall()
    await current(projection)
    assert await outcome(projection, a_run(0, 1)) is Applied.APPLIED


async def test_a_redis_that_may_evict_stays_not_current_over_a_restart(
    region: LocalRegion, projection: Projection, raw: Raw, evicting: str
) -> None:
    await current(projection)
    await raw.config_set("maxmemory-policy", evicting)
    assert (await projection.observe()).tainted == evicting
    await raw.connection_pool.disconnect()
    await region.redis.restart()
    assert str((await raw.config_get("maxmemory-policy"))["maxmemory-policy"]) == "noeviction"
    await begun(projection)
    state = await projection.observe()
    assert (state.is_current, state.tainted) == (False, evicting)


async def test_a_redis_that_may_evict_from_the_first_is_never_current(
    projection: Projection, raw: Raw, evicting: str
) -> None:
    await raw.config_set("maxmemory-policy", evicting)
    await begun(projection)
    await raw.config_set("maxmemory-policy", "noeviction")
    state = await projection.observe()
    assert (state.is_current, state.tainted) == (False, evicting)
    assert await outcome(projection, a_run(0, 1)) is Applied.TAINTED


async def test_nothing_is_asked_of_redis_that_a_role_may_not(region: LocalRegion, raw: Raw) -> None:
    """So what Redis notes as refused was somebody else."""
    await raw.acl_log_reset()
    async with (
        open_projection(region.redis_url_as(REPLICATOR)) as replicator,
        open_projection(region.redis_url_as(SERVICE)) as service,
    ):
        await current(replicator)
        assert await outcome(replicator, a_run(0, 1, Write("k", "f", stamped(1, "v")))) is Applied.APPLIED
        await service.read(Query(keys=("k",)))
    assert await raw.acl_log() == []


async def test_more_who_ask_at_once_than_there_are_connections_are_all_answered(projection: Projection) -> None:
    await current(projection)
    views = await asyncio.gather(*(projection.read(Query(())) for _ in range(200)))
    assert len(views) == 200


# The same as the pure core


Logged = tuple[Mark, str, list[Write]]
"""An event at its place, with its clock and what it writes."""

Logs = dict[Region, list[Logged]]


def logged(origin: Region, sequence: int, clock: int, event: AnyEvent) -> Logged:
    envelope = Envelope(operation_id="o", organization_id=ORGANIZATION, clock=render(Clock(clock)), event=event)
    position = Position(origin, EPOCH, Sequence(sequence))
    known_by = fingerprint(subject_of(origin, EPOCH, event), encode(envelope))
    return Mark(EPOCH, position.sequence, known_by), envelope.clock, writes_of(envelope, position)


@st.composite
def a_log(draw: st.DrawFn, origin: Region) -> list[Logged]:
    """Few webhooks, triggers and clock readings: logs meet in most registers."""
    webhooks = st.sampled_from(["w1", "w2"])
    places = st.sampled_from(["", "0" * STAMP_WIDTH, "f" * STAMP_WIDTH])
    names = st.sampled_from(["PersonCreated_v1", "PersonDeleted_v1"])
    events: st.SearchStrategy[AnyEvent] = st.one_of(
        st.builds(TriggerCreated, webhooks, st.just("event"), names, places),
        st.builds(WebhookCreated, webhooks, st.text(max_size=3), st.just("https://example.com")),
    )
    facts = draw(st.lists(st.tuples(st.integers(1, 4), events), max_size=6))
    return [logged(origin, sequence, clock, event) for sequence, (clock, event) in enumerate(facts, start=1)]


logs_of_three = st.fixed_dictionaries({origin: a_log(origin) for origin in ORIGINS})
schedules = st.lists(st.tuples(st.sampled_from(ORIGINS), st.integers(0, 3), st.integers(1, 4)), max_size=12)


@asynccontextmanager
async def emptied(url: str) -> AsyncIterator[tuple[Projection, Raw]]:
    async with Raw.from_url(url, decode_responses=True) as raw, open_projection(url) as projection:
        await raw.flushall()
        yield projection, raw


async def apply_all(url: str, logs: Logs, schedule: Iterable[tuple[Region, int, int]]) -> tuple[Registers, Clock, int]:
    """Apply runs as `schedule` cuts them (going back by its second member), then all that is missing."""
    async with emptied(url) as (projection, raw):
        await current(projection)
        reached = dict.fromkeys(ORIGINS, 0)
        for origin, back, length in (*schedule, *((origin, 0, 99) for origin in ORIGINS)):
            start = max(0, reached[origin] - back)
            events = logs[origin][start : start + length]
            if not events:
                continue
            before = logs[origin][start - 1][0] if start else BEGINNING
            writes = [write for _, _, writes in events for write in writes]
            run = Run(origin, before, events[-1][0], max(clock for _, clock, _ in events), writes)
            end = start + len(events)
            expected = Applied.APPLIED if end > reached[origin] else Applied.DUPLICATE
            assert await outcome(projection, run) is expected
            reached[origin] = max(reached[origin], end)
        view = await projection.read(query_webhooks(ORGANIZATION, offset=0, limit=1_000))
        assert {origin: mark.sequence for origin, mark in view.vector.items()} == {
            origin: len(log) for origin, log in logs.items() if log
        }
        return await registers_in(raw), view.clock, len(webhooks_in(ORGANIZATION, view.registers))


@given(logs=logs_of_three, schedule=schedules)
def test_redis_merges_as_the_core_does_whatever_the_interleaving(
    region: LocalRegion, logs: Logs, schedule: list[tuple[Region, int, int]]
) -> None:
    expected: Registers = {}
    clocks = [0]
    for log in logs.values():
        for _, clock, writes in log:
            merge(expected, writes)
            clocks.append(int(clock, 16))
    registers, highest, webhooks = asyncio.run(apply_all(region.redis_url, logs, schedule))
    assert registers == expected
    assert highest == max(clocks)
    known = ["target_url" in expected.get(webhook_key(ORGANIZATION, name), {}) for name in ("w1", "w2")]
    assert webhooks == sum(known)


def a_record(bucket: str, field: str, clock: int, what: str, seconds: int = 3_600) -> Record:
    return Record(bucket, field, stamp(render(Clock(clock)), US, Sequence(1)) + what, seconds)


async def test_records_are_recalled_in_one_step_with_the_registers_and_counted(projection: Projection) -> None:
    await current(projection)
    records = [a_record("retries:o:1", "k1", 1, "first"), a_record("retries:o:2", "k2", 2, "second")]
    await projection.apply(msgspec.structs.replace(a_run(0, 1, Write("a", "f", "r")), records=records))
    recall = Recall("k1", ("retries:o:0", "retries:o:1", "retries:o:2"))
    view = await projection.read(Query(("a",), recall=recall))
    assert [value_of(record) for record in view.records] == ["first"]
    assert view.records_count == 2
    assert view.registers == {"a": {"f": "r"}}
    assert (await projection.read(Query(("a",)))).records == ()


async def test_of_two_records_of_one_field_the_first_stays_whichever_comes_first(projection: Projection) -> None:
    await current(projection)
    early, late = a_record("retries:o:1", "k", 1, "early"), a_record("retries:o:1", "k", 2, "late")
    for sequence, record in enumerate((late, early, late)):
        await projection.apply(msgspec.structs.replace(a_run(sequence, sequence + 1), records=[record]))
    view = await projection.read(Query((), recall=Recall("k", ("retries:o:1",))))
    assert [value_of(record) for record in view.records] == ["early"]


async def test_a_bucket_of_records_is_forgotten_as_a_whole_after_its_time(projection: Projection, raw: Raw) -> None:
    await current(projection)
    records = [a_record("retries:o:1", f"k{number}", number, "x", seconds=1_000) for number in range(3)]
    await projection.apply(msgspec.structs.replace(a_run(0, 1), records=records))
    assert 990 < await raw.ttl("retries:o:1") <= 1_000
    await raw.pexpire("retries:o:1", 1)
    recall = Recall("k1", ("retries:o:1",))

    async def is_forgotten() -> bool:
        return (await projection.read(Query((), recall=recall))).records_count == 0

    await until(is_forgotten)


async def test_a_run_that_does_not_follow_on_keeps_no_records_either(projection: Projection) -> None:
    await current(projection)
    record = a_record("retries:o:1", "k", 1, "x")
    run = msgspec.structs.replace(a_run(5, 6), records=[record])
    assert await outcome(projection, run) is Applied.GAP
    assert (await projection.read(Query((), recall=Recall("k", ("retries:o:1",))))).records_count == 0


async def test_a_bucket_is_kept_for_the_longest_that_any_clock_says(projection: Projection, raw: Raw) -> None:
    await current(projection)
    for sequence, seconds in enumerate((1_000, 500, 2_000, 100)):
        record = a_record("retries:o:1", f"k{sequence}", 1, "x", seconds=seconds)
        await projection.apply(msgspec.structs.replace(a_run(sequence, sequence + 1), records=[record]))
    assert 1_990 < await raw.ttl("retries:o:1") <= 2_000


async def test_a_process_that_has_too_much_to_do_waits_for_a_redis_that_answers(projection: Projection) -> None:
    """However long that takes: what is slow here is no silence there."""
    await current(projection)

    async def keep_busy() -> None:
        while True:
            time.sleep(0.05)  # noqa: ASYNC251 - it is what is tried
            await asyncio.sleep(0)

    busy = asyncio.create_task(keep_busy())
    try:
        views = await asyncio.gather(*(projection.read(Query(("k",))) for _ in range(12 * CALLS_AT_ONCE_MAX)))
    finally:
        busy.cancel()
    assert len(views) == 12 * CALLS_AT_ONCE_MAX
