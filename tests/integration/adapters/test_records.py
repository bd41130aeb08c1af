"""Records in a real Redis: kept in buckets, read in one step with the registers, and dropped after their time."""

import msgspec

from adapters.apply_result import Applied
from adapters.projection import Projection
from core.positions import Sequence
from core.registers import Query, Recall, Record, Write, value_of
from core.stamps import Clock, render, stamp
from tests.integration.adapters.logs import until
from tests.integration.adapters.runs import US, Raw, a_run, current, outcome

# Applying


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


async def test_of_two_records_of_one_field_the_first_stays_in_either_order(projection: Projection) -> None:
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


async def test_a_refused_run_keeps_no_records_either(projection: Projection) -> None:
    await current(projection)
    record = a_record("retries:o:1", "k", 1, "x")
    run = msgspec.structs.replace(a_run(5, 6), records=[record])
    assert await outcome(projection, run) is Applied.GAP
    assert (await projection.read(Query((), recall=Recall("k", ("retries:o:1",))))).records_count == 0


async def test_a_bucket_is_kept_for_the_longest_time_of_any_clock(projection: Projection, raw: Raw) -> None:
    await current(projection)
    for sequence, seconds in enumerate((1_000, 500, 2_000, 100)):
        record = a_record("retries:o:1", f"k{sequence}", 1, "x", seconds=seconds)
        await projection.apply(msgspec.structs.replace(a_run(sequence, sequence + 1), records=[record]))
    assert 1_990 < await raw.ttl("retries:o:1") <= 2_000
