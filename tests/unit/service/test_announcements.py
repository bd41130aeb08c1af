"""Which announcements a service believes, and what it shows of them."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.announcements import Announcement
from adapters.watermark_channel import Published
from core.positions import Epoch, Mark, Position, Region, Sequence
from core.subjects import FORMS, FRAMES, RESTRICTED_KEYS
from core.topology import Topology, parse_topology
from runtime.health import Condition, NotReady
from service.announcements import OUTLIVED_SECONDS, SILENCE_SECONDS, STALLED_SECONDS, UNREAD_SECONDS, Announcements
from service.watermarks.acknowledgements import Acknowledgements
from service.watermarks.waiters import Waiters
from service.writes.fork_detection import ForkDetection, Recognition

HERE, THERE = Region("us-iowa"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")


def topology() -> Topology:
    address = {"nats": ["nats://127.0.0.1:4222"], "redis": "redis://127.0.0.1:6379/0"}
    return parse_topology({"regions": {HERE: address, THERE: address}}, here=HERE)


class Log:
    """The part of a log that a view of the regions needs. It recognizes every mark as its own."""

    def __init__(self) -> None:
        self.forks = ForkDetection(lambda _mark: Recognition.OURS)
        self.on_read = print
        self.alarm = ""
        self.unapplied = 0
        self.applied_to = 0

    def applied(self, sequence: Sequence) -> None:
        """Every event up to `sequence` is applied."""
        self.applied_to = sequence


def a_view(
    waiters: Waiters,
    log: Log | None = None,
    *,
    connection: SimpleNamespace | None = None,
    projection: SimpleNamespace | None = None,
    writer: SimpleNamespace | None = None,
    acknowledgements: Acknowledgements | None = None,
    outdated: Callable[[], Mapping[str, str]] = dict,
) -> Announcements:
    return Announcements(
        HERE,
        topology=topology(),
        connection=connection,  # type: ignore[arg-type]
        projection=projection or SimpleNamespace(unanswered="", refused=""),
        log_state=log or Log(),  # type: ignore[arg-type]
        writer=writer,  # type: ignore[arg-type]
        waiters=waiters,
        acknowledgements=acknowledgements or Acknowledgements(waiters, {}),
        outdated=outdated,
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    time = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr("service.announcements.monotonic", lambda: time.now)
    return time


def said(incarnation: str, sequence: int, *, region: Region = THERE) -> Announcement:
    vector = {HERE: Mark(EPOCH, Sequence(sequence), f"{sequence:016x}")}
    return Announcement(region=region, incarnation=incarnation, is_current=True, vector=vector)


def test_a_late_message_from_before_a_restart_counts_only_until_it_would_have_been_repeated(
    clock: SimpleNamespace,
) -> None:
    waiters = Waiters()
    view = a_view(waiters)
    view.heard(said("second", 5))
    view.heard(said("first, late", 9))
    view.heard(said("second", 5))
    assert waiters.has_applied(THERE, Position(HERE, EPOCH, Sequence(9)))
    clock.now += OUTLIVED_SECONDS + 0.1
    view.heard(said("second", 6))
    assert waiters.watermark(THERE, HERE).sequence == 6
    assert not waiters.has_applied(THERE, Position(HERE, EPOCH, Sequence(6))), "it has had more"
    view.heard(said("first, late", 9))
    assert waiters.watermark(THERE, HERE).sequence == 6
    view.heard(said("second", 9))
    assert waiters.has_applied(THERE, Position(HERE, EPOCH, Sequence(9)))


def test_of_two_replicators_the_one_that_is_ahead_counts_for_its_region(clock: SimpleNamespace) -> None:
    view = a_view(Waiters())
    assert view.heard_of() == {}
    view.heard(said("first", 7))
    clock.now += 1
    view.heard(said("first", 6))
    heard = view.heard_of()[THERE]
    assert (heard.at_seconds, heard.vector[HERE].sequence, heard.is_current) == (clock.now, 7, True)


def test_frames_are_read_once_every_replicator_of_every_region_announces_it(clock: SimpleNamespace) -> None:
    view = a_view(Waiters())

    def heard(region: Region, *reads: str) -> str:
        view.heard(msgspec.structs.replace(said("first", 7, region=region), reads=list(reads)))
        return view.why_not_read(FRAMES)

    assert "asia-japan, us-iowa" in view.why_not_read(FRAMES)
    assert heard(HERE, FRAMES).endswith(": asia-japan")
    assert heard(THERE, FRAMES) == ""
    assert heard(THERE).endswith(": asia-japan"), "another replicator, which saw an older reader"
    assert heard(THERE, FRAMES).endswith(": asia-japan")
    clock.now += UNREAD_SECONDS + 0.1
    assert view.why_not_read(FRAMES) == "", "it is not heard any more"


def test_marks_of_this_regions_log_are_shown_even_if_they_are_not_believed() -> None:
    log = Log()
    log.forks = ForkDetection(lambda _mark: Recognition.TOO_OLD)
    waiters = Waiters()
    view = a_view(waiters, log)
    view.heard(said("first", 7))
    assert waiters.watermark(THERE, HERE).sequence == 0
    assert view.heard_of()[THERE].vector[HERE].sequence == 7


def test_readiness_names_the_cause_of_a_wait_and_not_its_consequences(clock: SimpleNamespace) -> None:
    log, connection, writer = Log(), SimpleNamespace(is_connected=True, why_not=""), SimpleNamespace(why_not="")
    projection = SimpleNamespace(unanswered="", refused="")
    view = a_view(Waiters(), log, connection=connection, projection=projection, writer=writer)
    assert set(view.health().not_ready) == {NotReady.PROJECTION}
    view.heard(said("first", 7, region=HERE))
    assert view.health().is_ready
    writer.why_not = "the log to be read"
    assert view.health().not_ready == {NotReady.LOG: "the log to be read"}
    log.alarm, writer.why_not = "forked: at 7", "an operator to look at this region's log: forked: at 7"
    health = view.health()
    assert health.not_ready == {NotReady.HALTED: writer.why_not}
    assert health.halted == {HERE: "forked: at 7"}
    connection.is_connected, connection.why_not = False, "NATS 2.12 or newer is needed, this is 2.11.11"
    assert view.health().not_ready == {NotReady.NATS: f"NATS of {HERE}: {connection.why_not}"}
    clock.now += SILENCE_SECONDS + 0.1
    assert set(view.health().not_ready) == {NotReady.NATS, NotReady.PROJECTION}
    connection.is_connected, log.alarm, writer.why_not = True, "", ""
    projection.unanswered = "TimeoutError: Timeout reading from it"
    assert view.health().not_ready == {NotReady.REDIS: "Redis of us-iowa: TimeoutError: Timeout reading from it"}


def test_a_service_is_not_ready_while_a_replicator_of_its_region_reports_that_redis_takes_no_writes(
    clock: SimpleNamespace,
) -> None:
    connection, writer = SimpleNamespace(is_connected=True, why_not=""), SimpleNamespace(why_not="")
    view = a_view(Waiters(), connection=connection, writer=writer)
    full = msgspec.structs.replace(said("first", 7, region=HERE), refused="MISCONF no space left on device")
    view.heard(full)
    view.heard(msgspec.structs.replace(said("first", 7), refused="OOM"))
    why = "Redis of us-iowa to take writes: MISCONF no space left on device"
    assert view.health().not_ready == {NotReady.UNWRITABLE: why}
    view.heard(said("first", 7, region=HERE))
    assert view.health().is_ready
    view.heard(full)
    clock.now += SILENCE_SECONDS + 0.1
    assert set(view.health().not_ready) == {NotReady.PROJECTION}, "an old report does not count"


def ready_view(log: Log | None = None) -> Announcements:
    """A view of a service that needs only the announcement of a replicator to be ready."""
    connection, writer = SimpleNamespace(is_connected=True, why_not=""), SimpleNamespace(why_not="")
    return a_view(Waiters(), log, connection=connection, writer=writer)


def test_a_service_is_not_ready_if_its_log_was_not_applied_for_a_while(
    clock: SimpleNamespace,
) -> None:
    log = Log()
    view = ready_view(log)
    view.heard(said("first", 7, region=HERE))
    clock.now += 60
    log.unapplied = 3
    view.heard(said("first", 8, region=HERE))
    clock.now += STALLED_SECONDS
    view.heard(said("first", 8, region=HERE))
    assert view.health().is_ready
    clock.now += 0.1
    waiting = msgspec.structs.replace(said("first", 8, region=HERE), waiting={HERE: "apply: Unavailable: Redis: BUSY"})
    view.heard(waiting)
    why = "the projection to apply this region's log: 3 events wait; apply: Unavailable: Redis: BUSY"
    assert view.health().not_ready == {NotReady.PROJECTION: why}
    view.heard(msgspec.structs.replace(said("first", 8, region=HERE), halted={HERE: "undecodable: message 9"}))
    assert "; undecodable: message 9" in view.health().not_ready[NotReady.PROJECTION]
    view.heard(said("first", 9, region=HERE))
    assert view.health().is_ready, "the projection has advanced"


def test_after_a_long_idle_time_the_projection_has_its_usual_time_to_apply(clock: SimpleNamespace) -> None:
    log = Log()
    view = ready_view(log)
    for _ in range(40):
        view.heard(said("first", 7, region=HERE))
        clock.now += 0.25
    log.unapplied = 1
    assert view.health().is_ready


def test_a_service_that_is_ready_shows_what_its_replicator_waits_for(clock: SimpleNamespace) -> None:
    view = ready_view()
    told = msgspec.structs.replace(
        said("first", 7, region=HERE), waiting={THERE: "ship: Unavailable: the copy is full"}
    )
    view.heard(told)
    health = view.health()
    assert (health.condition, health.is_ready) == (Condition.DEGRADED, True)
    assert health.waiting_for == ["a replicator to ship asia-japan: Unavailable: the copy is full"]
    clock.now += SILENCE_SECONDS + 0.1
    assert view.health().waiting_for == ["a replicator of us-iowa to report that the projection is current"]


# Watermarks that this region's Redis published


def published(incarnation: str, sequence: int, *, origin: Region = HERE) -> Published:
    return Published(incarnation, origin, Mark(EPOCH, Sequence(sequence), f"{sequence:016x}"))


def a_position(sequence: int, *, origin: Region = HERE) -> Position:
    return Position(origin, EPOCH, Sequence(sequence))


def test_a_published_watermark_ends_a_wait_and_an_older_announcement_takes_nothing_back() -> None:
    waiters, reached = Waiters(), []
    view = a_view(waiters)
    view.heard(said("one", 4, region=HERE))
    waiters.wait(a_position(7), {HERE}, lambda: reached.append(7))
    view.published(published("one", 6))
    assert not reached
    view.published(published("one", 7))
    assert reached == [7]
    view.heard(said("one", 5, region=HERE))
    view.published(published("one", 6))
    assert waiters.watermark(HERE, HERE).sequence == 7
    assert waiters.has_applied(HERE, a_position(7))


def test_a_published_watermark_of_another_origin_counts_for_this_region_alone() -> None:
    waiters = Waiters()
    view = a_view(waiters)
    view.heard(said("one", 1, region=HERE))
    view.heard(said("one", 1, region=THERE))
    view.published(published("one", 3, origin=THERE))
    assert waiters.has_applied(HERE, a_position(3, origin=THERE))
    assert not waiters.has_applied(THERE, a_position(3, origin=THERE))
    view.published(published("one", 3, origin=Region("of-another-topology")))
    assert waiters.watermark(HERE, Region("of-another-topology")).sequence == 0


def test_before_the_first_announcement_a_published_watermark_counts_for_nothing() -> None:
    waiters = Waiters()
    view = a_view(waiters)
    view.published(published("one", 7))
    assert waiters.watermark(HERE, HERE).sequence == 0


def test_a_published_watermark_does_not_make_an_incarnation_current() -> None:
    waiters, reached = Waiters(), []
    view = a_view(waiters)
    view.heard(said("one", 4, region=HERE))
    waiters.wait(a_position(7), {HERE}, lambda: reached.append(7))
    view.published(published("two", 7))
    assert waiters.watermark(HERE, HERE).sequence == 4, "it was not announced yet"
    view.heard(msgspec.structs.replace(said("two", 1, region=HERE), is_current=False))
    view.published(published("two", 7))
    assert not reached
    view.heard(said("two", 5, region=HERE))
    assert reached == [7]


def test_a_late_published_watermark_of_a_superseded_incarnation_changes_nothing(clock: SimpleNamespace) -> None:
    """Not even after the time in which an announcement of it would be believed again."""
    waiters = Waiters()
    view = a_view(waiters)
    view.heard(said("one", 9, region=HERE))
    view.heard(said("two", 9, region=HERE))
    for _ in range(2):
        view.published(published("one", 12))
        assert waiters.watermark(HERE, HERE).sequence == 9
        clock.now += OUTLIVED_SECONDS + 0.1
    view.published(published("two", 10))
    assert waiters.watermark(HERE, HERE).sequence == 10


def test_published_watermarks_do_not_replace_the_announcements_of_replicators(clock: SimpleNamespace) -> None:
    """They have no reasons of the replicators. So a region whose announcements stop is not ready."""
    view = ready_view()
    view.heard(said("one", 1, region=HERE))
    clock.now += SILENCE_SECONDS + 0.1
    view.published(published("one", 2))
    assert set(view.health().not_ready) == {NotReady.PROJECTION}
    assert view.heard_of()[HERE].vector[HERE].sequence == 2


def test_a_published_watermark_is_believed_once_this_process_has_read_its_event() -> None:
    log, waiters, reached = Log(), Waiters(), []
    read_to = 4
    log.forks = ForkDetection(lambda mark: Recognition.OURS if mark.sequence <= read_to else Recognition.AHEAD)
    view = a_view(waiters, log)
    view.heard(said("one", 4, region=HERE))
    waiters.wait(a_position(6), {HERE}, lambda: reached.append(6))
    view.published(published("one", 6))
    view.published(published("one", 3, origin=THERE))
    view.heard(said("one", 4, region=HERE))
    assert not reached
    read_to = 6
    log.on_read()
    assert reached == [6]


def test_a_published_watermark_of_an_event_that_is_not_ours_is_not_believed_and_raises_the_alarm() -> None:
    log, waiters = Log(), Waiters()
    view = a_view(waiters, log)
    view.heard(said("one", 4, region=HERE))
    log.forks = ForkDetection(lambda mark: Recognition.FOREIGN if mark.sequence > 4 else Recognition.OURS)
    view.published(published("one", 6))
    assert waiters.watermark(HERE, HERE).sequence == 4
    assert "applied another message 6" in log.forks.contradiction
    view.heard(said("one", 4, region=HERE))
    log.on_read()
    assert not log.forks.contradiction


def test_a_published_watermark_ends_the_measuring_of_its_batch_and_frees_the_tail() -> None:
    log, waiters, seconds = Log(), Waiters(), list[float]()
    acknowledgements = Acknowledgements(waiters, {HERE: seconds.append})
    view = a_view(waiters, log, acknowledgements=acknowledgements)
    view.heard(said("one", 4, region=HERE))
    acknowledgements.stored(a_position(6), now_seconds=0.0)
    view.published(published("one", 6))
    assert len(seconds) == 1
    assert log.applied_to == 6


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 8), st.booleans()),
        max_size=40,
    )
)
def test_the_highest_mark_of_the_announced_incarnation_counts_whichever_way_it_comes(
    messages: list[tuple[bool, int, int, bool]],
) -> None:
    """Announcements and published watermarks in any order: late, repeated, lost, of any incarnation."""
    waiters = Waiters()
    view = a_view(waiters)
    announced, superseded, mark, is_current, best = -1, set[int](), 0, False, 0
    for is_announcement, incarnation, sequence, says_current in messages:
        if is_announcement:
            told = said(str(incarnation), sequence, region=HERE)
            view.heard(msgspec.structs.replace(told, is_current=says_current))
        else:
            view.published(published(str(incarnation), sequence))
        if is_announcement and incarnation not in superseded and incarnation != announced:
            superseded.add(announced)
            announced, mark, is_current = incarnation, 0, False
        if incarnation == announced:
            mark = max(mark, sequence)
            is_current |= is_announcement and says_current
        if is_current:
            best = max(best, mark)
        assert waiters.watermark(HERE, HERE).sequence == mark
        for place in range(1, 10):
            is_applied = is_current and mark >= max(place, best)
            assert waiters.has_applied(HERE, a_position(place)) == is_applied


def test_frames_are_not_read_before_every_configured_region_has_announced_that_it_reads_them() -> None:
    view = a_view(Waiters())
    assert view.why_not_read(FRAMES) == "not announced to read frames: asia-japan, us-iowa"
    view.heard(reading(HERE))
    assert view.why_not_read(FRAMES) == "not announced to read frames: asia-japan"
    view.heard(reading(THERE))
    assert view.why_not_read(FRAMES) == ""
    view.heard(said("first", 8))
    assert view.why_not_read(FRAMES) == "not announced to read frames: asia-japan", "it announces it no more"


def test_a_region_that_is_not_heard_now_reads_what_it_read_when_it_was_last_heard(clock: SimpleNamespace) -> None:
    view = a_view(Waiters())
    for region in (HERE, THERE):
        view.heard(reading(region))
    clock.now += 3_600
    assert view.why_not_read(FRAMES) == ""


@pytest.mark.parametrize("forms", [[], ["frame.v2"], ["frame"]])
def test_a_region_that_reads_other_forms_reads_no_frames(forms: list[str]) -> None:
    view = a_view(Waiters())
    view.heard(reading(HERE))
    view.heard(msgspec.structs.replace(reading(THERE), reads=forms))
    assert view.why_not_read(FRAMES) == "not announced to read frames: asia-japan"


def test_each_form_is_announced_apart() -> None:
    view = a_view(Waiters())
    view.heard(msgspec.structs.replace(reading(HERE), reads=list(FORMS)))
    view.heard(reading(THERE))
    assert view.why_not_read(FRAMES) == ""
    assert view.why_not_read(RESTRICTED_KEYS) == "not announced to read restricted API keys: asia-japan"


def test_the_announcement_of_an_older_version_names_no_form() -> None:
    sent = msgspec.to_builtins(said("first", 7))
    del sent["reads"]
    assert msgspec.convert(sent, Announcement).reads == []


def reading(region: Region) -> Announcement:
    return msgspec.structs.replace(said("first", 7, region=region), reads=[FRAMES])
