"""The page receives what is wrong and since when, and nothing of any organization."""

from collections.abc import Mapping

import msgspec
import pytest

from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from core.topology import Topology, parse_topology
from runtime.health import Health, NotReady
from service.dashboard.messages import Cell, Note, Present, Urgency
from service.dashboard.presenting import past, present
from service.dashboard.words import HALTED
from service.lag.history import LagHistory
from service.lag.matrix import Certainty, Known, matrix
from service.lag.sampling import LagSample
from service.watermarks.heard import Heard

IOWA, BELGIUM, JAPAN = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
REGIONS = (IOWA, BELGIUM, JAPAN)
ADDRESS = {"nats": ["nats://127.0.0.1:4222"], "redis": "redis://127.0.0.1:6379/0"}
NOW = 1_000.0
NOON_MILLISECONDS = 1_773_489_600_000
WELL = Health(region=IOWA, not_ready={}, halted={})
VECTOR = {origin: Mark(Epoch("k3v9x2"), Sequence(7), "f") for origin in REGIONS}


def topology(**states: str) -> Topology:
    described = {name: {**ADDRESS, "state": states.get(name.partition("-")[2], "active")} for name in REGIONS}
    return parse_topology({"regions": described}, here=IOWA)


def told(
    heard: Mapping[Region, Heard], *, health: Health = WELL, regions: Topology | None = None, waiting: int = 0
) -> Present:
    known = Known(
        here=IOWA,
        regions=REGIONS,
        heard=heard,
        own_end=VECTOR[IOWA],
        own_read_at_seconds=NOW,
        since_seconds=900.0,
        now_seconds=NOW,
    )
    lags = matrix(known, written_milliseconds={}, now_milliseconds=NOON_MILLISECONDS)
    sample = LagSample(at_milliseconds=NOON_MILLISECONDS, known=known, lags=lags)
    return present(
        sample,
        topology=regions or topology(),
        health=health,
        waiting_for={JAPAN: waiting},
        latencies=[],
        process="here:8080",
    )


def all_heard(**others: Heard) -> dict[Region, Heard]:
    names = {"iowa": IOWA, "belgium": BELGIUM, "japan": JAPAN}
    return {region: others.get(name, Heard(NOW, VECTOR)) for name, region in names.items()}


UNHEARD = Heard(NOW - 12, VECTOR)


def test_the_members_of_the_message_keep_their_names() -> None:
    """A page that was opened before an upgrade reads them."""
    assert list(msgspec.json.decode(msgspec.json.encode(told(all_heard())))) == [
        *("at_milliseconds", "here", "process", "condition", "regions", "cells", "paces", "notes"),
    ]


def test_there_is_no_note_if_all_is_well() -> None:
    said = told(all_heard())
    assert said.notes == []
    assert [region.since_milliseconds for region in said.regions] == [None, None, None]
    assert set(said.cells) == {Cell(0, 0, Certainty.EXACT, None, "")}


def test_the_note_about_a_region_that_is_not_heard_has_since_when_and_what_is_unknown() -> None:
    said = told(all_heard(japan=UNHEARD), waiting=4)
    assert said.notes == [
        Note(
            Urgency.WARNING,
            "Not heard: asia-japan since 11:59:48 UTC. Not known from here: where its log ends by now, how far "
            "any region is behind it, and what it has applied since. Writes with all_regions wait for it.",
        )
    ]
    assert [(region.since_milliseconds, region.waiting) for region in said.regions] == [
        (None, 0),
        (None, 0),
        (NOON_MILLISECONDS - 12_000, 4),
    ]
    assert said.cells[2] == Cell(None, None, Certainty.AT_LEAST, NOON_MILLISECONDS - 12_000, "")


def test_a_sentence_does_not_change_as_time_passes() -> None:
    assert told(all_heard(japan=UNHEARD)).notes == told(all_heard(japan=UNHEARD)).notes
    assert "12" not in told(all_heard(japan=UNHEARD)).notes[0].text.replace("11:59:48", "")


def test_the_first_note_of_a_region_that_hears_no_other_says_so() -> None:
    (note,) = told(all_heard(belgium=UNHEARD, japan=UNHEARD)).notes
    assert note.text.startswith(
        "us-iowa hears no other region: europe-belgium since 11:59:48 UTC, asia-japan since 11:59:48 UTC. "
    )
    assert "Either it is cut off, or they are. It still serves reads and local_region writes." in note.text
    assert note.text.endswith("Writes with all_regions wait for them.")


SILENT = {"iowa": UNHEARD, "belgium": UNHEARD, "japan": UNHEARD}
NO_REPLICATOR = {NotReady.PROJECTION: "a replicator of us-iowa to say that the projection is current"}


def test_the_notes_without_the_own_nats_do_not_claim_that_the_region_still_serves() -> None:
    health = Health(region=IOWA, not_ready={NotReady.NATS: "NATS of us-iowa", **NO_REPLICATOR}, halted={})
    said = told(all_heard(**SILENT), health=health)
    _, own, others = (note.text for note in said.notes)
    assert said.condition == "waiting"
    assert own == (
        "Without the NATS of us-iowa this service has heard no replicator of us-iowa since 11:59:48 UTC. "
        "It is not known what this region has applied since. Writes here return 503, and nothing is done."
    )
    assert "It hears them through its own NATS." in others
    for untrue in ("still serves", "all_regions", "408"):
        assert untrue not in own + others


@pytest.mark.parametrize("not_ready", [{}, NO_REPLICATOR])
def test_the_notes_of_a_service_that_hears_nothing_do_not_claim_that_it_still_serves(
    not_ready: dict[NotReady, str],
) -> None:
    """A connection to a NATS that hangs still counts as connected for a while."""
    said = told(all_heard(**SILENT), health=Health(region=IOWA, not_ready=not_ready, halted={}))
    assert not any("still serves" in note.text for note in said.notes)


def test_the_note_about_an_unheard_replicator_names_redis_and_nats_as_possible_causes() -> None:
    own = told(all_heard(iowa=UNHEARD), health=Health(region=IOWA, not_ready=NO_REPLICATOR, halted={})).notes[-1]
    assert own.text == (
        "No replicator of us-iowa has been heard since 11:59:48 UTC: none runs, or Redis or NATS does not answer it. "
        "It is not known what this region has applied since. Meanwhile writes here return 408; or 503, and nothing is "
        "done, if Redis does not answer."
    )


def test_the_note_of_a_draining_process_says_nothing_about_writes() -> None:
    (own,) = told(all_heard(iowa=UNHEARD), health=Health(region=IOWA, not_ready={}, halted={}, is_draining=True)).notes
    assert "Writes" not in own.text


def test_a_region_that_was_never_heard_is_missing_since_the_service_began_to_listen() -> None:
    heard = all_heard()
    del heard[JAPAN]
    (note,) = told(heard).notes
    assert note.text.startswith("Not heard: asia-japan since this service began to listen at 11:58:20 UTC.")


def test_no_write_waits_for_a_region_that_is_joining() -> None:
    first, second = told(all_heard(japan=UNHEARD), regions=topology(japan="joining")).notes
    assert "all_regions" not in first.text
    assert second == Note(
        Urgency.NOTE, "asia-japan is joining. It receives events and can serve, and no write waits for it."
    )


@pytest.mark.parametrize("reason", [*HALTED, "unexpected"])
def test_a_halt_is_an_alarm_and_comes_first_with_its_kind_alone(reason: str) -> None:
    halted = Heard(NOW, VECTOR, halted={JAPAN: f"{reason}: Invalid value 'what a customer wrote'"})
    said = told(all_heard(belgium=halted, japan=UNHEARD))
    assert [note.urgency for note in said.notes] == [Urgency.ALARM, Urgency.WARNING]
    meaning = HALTED.get(reason, "the reason is in its log")
    assert said.notes[0].text.startswith(f"europe-belgium has halted asia-japan: {meaning}")
    assert said.cells[5].halted == reason
    assert b"customer" not in msgspec.json.encode(said)


def test_what_this_service_waits_for_is_shown_without_anything_of_an_organization() -> None:
    health = Health(
        region=IOWA,
        not_ready={
            NotReady.NATS: "NATS of us-iowa",
            NotReady.LOG: "the log to be read (Undecodable: a customer's)",
            NotReady.HALTED: "an operator: forked: a customer's",
        },
        halted={IOWA: "forked: a customer's"},
    )
    said = told(all_heard(iowa=UNHEARD), health=health)
    assert [note.text for note in said.notes] == [
        (
            "Writes to us-iowa's log are stopped, and an operator must act: its log has another event in the place of "
            "one that was read."
        ),
        (
            "This service is not fully ready: it waits for NATS of us-iowa, and for the log to be read, and for an "
            "operator."
        ),
        (
            "Without the NATS of us-iowa this service has heard no replicator of us-iowa since 11:59:48 UTC. "
            "It is not known what this region has applied since. Writes here return 503, and nothing is done."
        ),
    ]
    assert b"customer" not in msgspec.json.encode(said)


@pytest.mark.parametrize(
    ("reason", "what", "said"),
    [
        (NotReady.REDIS, "Redis of us-iowa: TimeoutError: from 10.1.2.3:6379", "Redis of us-iowa."),
        (
            NotReady.REDIS,
            "Redis of us-iowa: this Redis is a cluster: give crosshook another",
            "Redis of us-iowa (this Redis is a cluster).",
        ),
        (
            NotReady.UNWRITABLE,
            "Redis of us-iowa to take writes: MISCONF cannot write to /data",
            "Redis of us-iowa to take writes. Meanwhile writes here return 408.",
        ),
    ],
)
def test_trouble_with_redis_is_shown_without_its_address_or_its_message(reason: NotReady, what: str, said: str) -> None:
    (note,) = told(all_heard(), health=Health(region=IOWA, not_ready={reason: what}, halted={})).notes
    assert note.text == f"This service is not fully ready: it waits for {said}"


def test_what_a_region_cannot_do_at_the_moment_is_shown_without_a_servers_message() -> None:
    waits = Heard(NOW, VECTOR, refused="MISCONF cannot write /data/x", waiting={IOWA: "ship: full", JAPAN: "what: x"})
    assert [note.text for note in told(all_heard(belgium=waits)).notes] == [
        "The Redis of europe-belgium takes no writes. Events from all regions wait there to be applied.",
        (
            "europe-belgium cannot copy the log of us-iowa at the moment, and keeps trying. "
            "Its replicators' /readyz has the reason."
        ),
        (
            "europe-belgium cannot process the log of asia-japan at the moment, and keeps trying. "
            "Its replicators' /readyz has the reason."
        ),
    ]
    assert told(all_heard(iowa=Heard(NOW, VECTOR, refused="MISCONF"))).notes == [], (
        "the health of this service has the reason"
    )


def test_a_rebuilding_region_has_a_note() -> None:
    (note,) = told(all_heard(belgium=Heard(NOW, {}, is_current=False))).notes
    assert note.text.startswith("europe-belgium is rebuilding its projection.")


def test_a_region_that_cannot_reach_its_own_nats_takes_no_writes() -> None:
    """Its replicator reports it through the NATS of the others. Their own reports on that NATS add nothing."""
    alone, others = Heard(NOW, VECTOR, not_connected=[BELGIUM]), Heard(NOW, VECTOR, not_connected=[BELGIUM])
    said = told(all_heard(iowa=others, belgium=alone, japan=others))
    assert said.notes == [
        Note(
            Urgency.WARNING,
            "europe-belgium cannot reach its own NATS: it takes no writes. Writes with all_regions wait for it.",
        )
    ]
    assert [region.has_own_nats for region in said.regions] == [True, False, True]


def test_no_write_waits_for_a_joining_region_that_cannot_reach_its_own_nats() -> None:
    alone = Heard(NOW, VECTOR, not_connected=[BELGIUM])
    note, _ = told(all_heard(belgium=alone), regions=topology(belgium="joining")).notes
    assert note.text == "europe-belgium cannot reach its own NATS: it takes no writes."


def test_a_region_without_a_connection_to_the_nats_of_another_is_named_while_it_is_heard() -> None:
    apart = [IOWA, Region("elsewhere")]
    (note,) = told(
        all_heard(belgium=Heard(NOW, VECTOR, not_connected=apart), japan=Heard(NOW, VECTOR, not_connected=apart))
    ).notes
    assert note == Note(
        Urgency.WARNING,
        "europe-belgium and asia-japan have no connection to the NATS of us-iowa. What is written there arrives once "
        "there is a connection.",
    )
    silent = told(all_heard(belgium=Heard(NOW - 12, VECTOR, not_connected=[BELGIUM, IOWA])))
    assert [note.text.partition(":")[0] for note in silent.notes] == ["Not heard"]
    assert silent.regions[1].has_own_nats


def test_events_of_a_log_that_no_longer_exists_are_an_alarm() -> None:
    other = Heard(NOW, {**VECTOR, IOWA: Mark(Epoch("another"), Sequence(7), "f")})
    (note,) = told(all_heard(belgium=other)).notes
    assert note == Note(Urgency.ALARM, "europe-belgium has applied events of a log that us-iowa no longer has.")


ALIKE = [
    (Heard(NOW, VECTOR, halted={IOWA: "forked: one"}), Heard(NOW, VECTOR, halted={IOWA: "forked: another"})),
    (Heard(NOW, {}, is_current=False), Heard(NOW, {}, is_current=False)),
    (Heard(NOW, VECTOR, refused="MISCONF"), Heard(NOW, VECTOR, refused="OOM")),
    (Heard(NOW, {**VECTOR, IOWA: Mark(Epoch("another"), Sequence(7), "f")}),) * 2,
]


@pytest.mark.parametrize(("belgium", "japan"), ALIKE, ids=["halted", "rebuilding", "refused", "other log"])
def test_notes_that_differ_only_in_their_region_are_merged(belgium: Heard, japan: Heard) -> None:
    (note,) = told(all_heard(belgium=belgium, japan=japan)).notes
    assert "europe-belgium and asia-japan " in note.text


def test_halts_for_different_reasons_stay_apart() -> None:
    forked, lost = Heard(NOW, VECTOR, halted={IOWA: "forked"}), Heard(NOW, VECTOR, halted={IOWA: "lost"})
    assert len(told(all_heard(belgium=forked, japan=lost)).notes) == 2


def test_a_region_that_is_not_heard_and_not_connected_to_is_one_note() -> None:
    apart = Heard(NOW, VECTOR, not_connected=[JAPAN])
    (note,) = told(all_heard(iowa=apart, belgium=apart, japan=UNHEARD)).notes
    assert note.text.startswith("Not heard: asia-japan since ")
    assert " us-iowa and europe-belgium have no connection to the NATS of asia-japan. Writes with " in note.text


def test_a_step_that_waits_for_several_origins_is_one_note() -> None:
    waits = Heard(NOW, VECTOR, waiting={IOWA: "ship: full", JAPAN: "ship: full"})
    (note,) = told(all_heard(belgium=waits)).notes
    assert note.text.startswith("europe-belgium cannot copy the logs of us-iowa and asia-japan at the moment")


def test_the_past_names_its_value_for_the_unknown() -> None:
    history = LagHistory((IOWA,))
    known = Known(
        here=IOWA,
        regions=(IOWA,),
        heard={IOWA: Heard(NOW, {})},
        own_end=BEGINNING,
        own_read_at_seconds=NOW,
        since_seconds=NOW,
        now_seconds=NOW,
    )
    history.add(NOON_MILLISECONDS, matrix(known, written_milliseconds={}, now_milliseconds=0))
    assert msgspec.json.decode(msgspec.json.encode(past(history, (IOWA,)))) == {
        "regions": ["us-iowa"],
        "not_known": -1,
        "at_milliseconds": [NOON_MILLISECONDS],
        "events": [[0]],
        "milliseconds": [[0]],
    }


def test_a_server_that_lacks_security_fixes_is_a_warning_without_its_version() -> None:
    outdated = {"redis": "Redis 6.2.14 lacks security fixes: run 6.2.20"}
    said = told(all_heard(), health=Health(region=IOWA, not_ready={}, halted={}, outdated=outdated))
    text = "The Redis of us-iowa lacks security fixes. Replace it: this service's /readyz says which release has them."
    assert (said.condition, said.notes) == ("degraded", [Note(Urgency.WARNING, text)])
