"""One log, several services that append to it, and a network that loses acknowledgements and delivers late.

Each service writes frames, or messages of one event, and may change between them from batch to batch. In every order of
events each proposal is in the log at most once. Every answer to a request is true, even one that its outcome is
unknown. No two webhooks take one `target_url`, and no idempotency key makes two events.
"""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from itertools import accumulate

import pytest
from hypothesis import Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from adapters.event_log import Entry
from core.commands import (
    CreateTrigger,
    CreateWebhook,
    EventTooLarge,
    IdempotencyKeyReused,
    TargetUrlTaken,
    WebhookNotFound,
)
from core.events import IdempotencyKey, TriggerCreated, WebhookCreated
from core.frames import LoggedEvent
from core.operations import operation_in
from core.positions import BEGINNING, Mark, Position
from core.stamps import stamp
from core.webhooks import webhook_key
from service.writes import tail as tail_module
from service.writes.batch import FRAME, MESSAGES, Accepted, Batch, Form, Repeated, Stale
from service.writes.group_commit import GroupCommit
from service.writes.tail import TailMessage
from tests.unit.service.writes.proposals import (
    EPOCH,
    HERE,
    ORGANIZATION,
    Asked,
    View,
    a_trigger,
    a_webhook,
    as_read,
    ask,
    events_of,
)

SERVICES = 3
KEPT = 3
URLS = 8
FORMS = [form._replace(events_max=3, one_by_one_max=0) for form in (FRAME, MESSAGES)]
Entries = list[Entry]


class Fate(Enum):
    """What the network and the log do to one attempt to append."""

    ANSWERED = auto()
    REFUSED = auto()
    ACKNOWLEDGEMENT_LOST = auto()
    DELIVERED_LATE = auto()
    NEVER_DELIVERED = auto()
    NEVER_TAKEN = auto()


@dataclass
class Log:
    """Takes a whole batch at its place, or none of it."""

    entries: Entries = field(default_factory=list)
    on_their_way: list[tuple[int, Entries]] = field(default_factory=list)
    events: list[LoggedEvent] = field(default_factory=list)

    def take(self, after: int, entries: Entries) -> bool:
        """Whether `entries` are stored now."""
        if len(self.entries) != after:
            return False
        self.entries += entries
        self.events += events_of(entries, after=after)
        return True

    def messages(self, after: Mark = BEGINNING) -> Iterator[TailMessage]:
        """The messages after the one with the mark `after`, as a reader that has everything up to it reads them."""
        counted = after.count
        for sequence, entry in enumerate(self.entries[after.sequence :], start=after.sequence + 1):
            message = as_read(sequence, entry, counted=counted)
            counted = message.mark.count
            yield message


class Service:
    """Drives a `GroupCommit` as the log writer does, one step at a time."""

    def __init__(self, log: Log, number: int) -> None:
        self.log = log
        self.group_commit = GroupCommit(HERE, EPOCH, BEGINNING, idempotency_keys_max=100)
        self.batch: Batch | None = None
        self.nonces = number * 1_000
        self.must_look = False
        self.form = FORMS[0]

    def step(self, fate: Fate, now_milliseconds: int) -> None:
        if self.batch is None:
            if self.group_commit.has_work and self.group_commit.is_caught_up:
                self.nonces += 1
                self.batch = self.group_commit.compose(now_milliseconds, nonce=self.nonces, form=self.form)
        elif self.must_look:
            self.look(self.batch)
        else:
            self.attempt(self.batch, fate)

    def attempt(self, batch: Batch, fate: Fate) -> None:
        after = batch.after.sequence
        match fate:
            case Fate.ANSWERED if self.log.take(after, batch.entries):
                self.group_commit.stored(batch)
                self.batch = None
            case Fate.ANSWERED if batch.is_open:
                self.must_look = True
            case Fate.ANSWERED:
                self.is_never(batch, is_place_taken=True)
            case Fate.REFUSED:
                if not batch.is_open and not self.is_promised(batch):
                    self.is_never(batch, is_place_taken=False)
            case Fate.ACKNOWLEDGEMENT_LOST:
                self.log.take(after, batch.entries)
                self.was_not_answered(batch)
            case Fate.DELIVERED_LATE:
                self.log.on_their_way.append((after, list(batch.entries)))
                self.was_not_answered(batch)
            case Fate.NEVER_DELIVERED:
                self.was_not_answered(batch)
            case Fate.NEVER_TAKEN:
                self.is_never_taken(batch)

    def is_never_taken(self, batch: Batch) -> None:
        """The log refuses the batch at every place: an event is too large, or batches are not taken."""
        is_in_doubt = batch.is_open or self.is_promised(batch)
        if is_in_doubt and not self.group_commit.others_wait:
            return
        self.batch = None
        if is_in_doubt:
            self.group_commit.set_aside(batch)
        elif len(batch.events) == 1:
            self.group_commit.too_large(batch, "too large")
        else:
            self.group_commit.not_as_a_batch(batch)

    def was_not_answered(self, batch: Batch) -> None:
        batch.is_open = True

    def is_promised(self, batch: Batch) -> bool:
        return batch.is_reported_open

    def look(self, batch: Batch) -> None:
        if self.group_commit.tail.end.sequence <= batch.after.sequence:
            return
        if batch.is_seen:
            self.group_commit.stored(batch)
            self.batch = None
        else:
            self.is_never(batch, is_place_taken=True)
        self.must_look = False

    def is_never(self, batch: Batch, *, is_place_taken: bool) -> None:
        self.group_commit.never(batch, is_place_taken=is_place_taken)
        self.batch = None

    def read(self, count: int) -> None:
        for message in [*self.log.messages(self.group_commit.tail.end)][:count]:
            self.group_commit.observed(message.mark, partial(self.content_of, message.mark))

    def content_of(self, mark: Mark) -> TailMessage:
        """A message of another process, decoded as the log reader does it, with this reader's own count before it."""
        counted = self.group_commit.tail.end.count
        return as_read(mark.sequence, self.log.entries[mark.sequence - 1], counted=counted)


class ServiceThatTrustsSilence(Service):
    """Takes a missing answer for a refusal: a fault that the checks must find."""

    def was_not_answered(self, batch: Batch) -> None:
        self.is_never(batch, is_place_taken=False)


class ServiceThatForgetsWhomItLeftInDoubt(Service):
    """Gives up a batch after a response said that it may still land: a fault that the checks must find."""

    def is_promised(self, batch: Batch) -> bool:  # noqa: ARG002 - it does not look
        return False


class ServiceThatRefusesWhatMayHaveLanded(Service):
    """Believes a refusal although an earlier attempt was not answered: a fault that the checks must find."""

    def is_never_taken(self, batch: Batch) -> None:
        batch.is_open = False
        super().is_never_taken(batch)


class ServiceThatTakesAnyEventForItsOwn(Service):
    """Takes any event at its place for its own: a fault that the checks must find."""

    def look(self, batch: Batch) -> None:
        if self.group_commit.tail.end.sequence > batch.after.sequence:
            self.must_look, self.batch = False, None
            for proposal, event in zip(batch.proposals, batch.events, strict=True):
                proposal.settle(Accepted(Position(HERE, EPOCH, event.sequence), {}))


@dataclass
class Question:
    """A request to a service on a view.

    `left_with` is its operation if it was answered that it may still land, and `left_at` the place of that batch.
    """

    asked: Asked
    view: View
    service: Service
    left_with: str = ""
    left_at: int = 0


class World(RuleBasedStateMachine):
    """Everything that can happen between services, their log and their projection."""

    kind: type[Service] = Service

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(tail_module, "KEPT_EVENTS", KEPT)
        self.log = Log()
        self.services = [self.kind(self.log, number) for number in range(SERVICES)]
        self.projection = View()
        self.views = [View()]
        self.questions: list[Question] = []
        self.now = 1_000

    @rule(
        number=st.integers(0, SERVICES - 1),
        webhook=st.integers(0, 5),
        url=st.integers(0, URLS - 1),
        is_trigger=st.booleans(),
        age=st.integers(0, 2),
        idempotency_key=st.none()
        | st.builds(IdempotencyKey, st.sampled_from(["k1", "k2"]), st.sampled_from(["p1", "p1", "p2"])),
    )
    def request(
        self, *, number: int, webhook: int, url: int, is_trigger: bool, age: int, idempotency_key: IdempotencyKey | None
    ) -> None:
        """The view was read when the request came; the proposal may be submitted a moment later."""
        author = f"o{len(self.questions)}"
        commands = [q.asked.proposal.command for q in self.questions]
        created = [command.webhook_id for command in commands if isinstance(command, CreateWebhook | CreateTrigger)]
        command: CreateWebhook | CreateTrigger = a_webhook(
            f"w{len(self.questions)}", target_url=f"https://{url}.example.com"
        )
        if is_trigger and created:
            command = a_trigger(created[-1 - webhook % len(created)])
        view = self.views[-1 - age % len(self.views)]
        if idempotency_key is not None and idempotency_key.key in view.idempotency_keys:
            return  # A request whose key is in the projection is answered without the log.
        question = Question(
            ask(command, author, view, idempotency_key=idempotency_key), deepcopy(view), self.services[number]
        )
        question.service.group_commit.tail.applied(view.mark.sequence)
        question.service.group_commit.submit(question.asked.proposal)
        self.questions.append(question)

    @rule(number=st.integers(0, SERVICES - 1), url=st.integers(0, URLS - 1), count=st.integers(2, 5))
    def several_requests(self, *, number: int, url: int, count: int) -> None:
        """Enough for a batch of several events."""
        for more in range(count):
            later = (url + more) % URLS
            self.request(number=number, webhook=0, url=later, is_trigger=False, age=0, idempotency_key=None)

    @rule(number=st.integers(0, SERVICES - 1), form=st.sampled_from(FORMS))
    def append(self, number: int, form: Form) -> None:
        """For a moment nothing is lost: the service reads the log, and appends a batch in this form."""
        self.services[number].read(10_000)
        for _ in range(3):
            self.step(number, Fate.ANSWERED, 0, form)

    @rule(
        number=st.integers(0, SERVICES - 1),
        fate=st.sampled_from(Fate),
        skew=st.integers(-500, 500),
        form=st.none() | st.sampled_from(FORMS),
    )
    def step(self, number: int, fate: Fate, skew: int, form: Form | None) -> None:
        self.now += 1
        self.services[number].form = form or self.services[number].form
        self.services[number].step(fate, self.now + skew)

    @rule(number=st.integers(0, SERVICES - 1), count=st.integers(1, 4))
    def read(self, number: int, count: int) -> None:
        self.services[number].read(count)

    @rule(count=st.integers(1, 4))
    def apply(self, count: int) -> None:
        for message in [*self.log.messages(self.projection.mark)][:count]:
            self.projection.apply(message)
        self.views = [*self.views[-2:], deepcopy(self.projection)]

    @rule(number=st.integers(0, SERVICES - 1))
    def announce(self, number: int) -> None:
        self.services[number].group_commit.tail.applied(self.projection.mark.sequence)

    @precondition(lambda self: self.log.on_their_way)
    @rule(data=st.data())
    def land(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.log.on_their_way) - 1))
        note(f"late: {self.log.take(*self.log.on_their_way.pop(index))}")

    @precondition(lambda self: self.questions)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.give_up(data.draw(st.sampled_from(self.questions)))

    def give_up(self, question: Question) -> None:
        proposal, service = question.asked.proposal, question.service
        if not question.asked.outcomes:
            if proposal.is_handed and not question.left_with:
                batches = [*service.group_commit.aside.batches, *([] if service.batch is None else [service.batch])]
                (batch,) = [one for one in batches if proposal in one.all_proposals]
                question.left_with, question.left_at = proposal.operation_id, batch.after.sequence + 1
            service.group_commit.withdraw(proposal)

    @rule(number=st.integers(0, SERVICES - 1))
    def every_request_gives_up(self, number: int) -> None:
        """The deadline of every request to one service comes, as when it is stopped."""
        for question in self.questions:
            if question.service is self.services[number]:
                self.give_up(question)

    @invariant()
    def each_proposal_is_in_the_log_at_most_once(self) -> None:
        for names in (
            [event.envelope.author for event in self.log.events],
            [event.operation_id for event in self.log.events],
        ):
            assert max(Counter(names).values(), default=1) == 1, names

    @invariant()
    def no_idempotency_key_makes_two_events(self) -> None:
        keys = Counter(one.key for one in self.idempotency_keys())
        assert all(count == 1 for count in keys.values()), keys

    @invariant()
    def an_operation_that_was_left_is_at_its_place_or_nowhere(self) -> None:
        for question in self.questions:
            if not question.left_with:
                continue
            operation = operation_in(question.left_with, ORGANIZATION)
            assert operation is not None
            for event in self.log.events:
                if event.operation_id == question.left_with:
                    assert event.position.sequence == operation.sequence
                elif event.envelope.author == question.asked.proposal.author:
                    raise AssertionError(f"{event} is there, and {question.left_with} was named")

    @invariant()
    def an_operation_is_named_only_while_it_is_handed_to_the_log(self) -> None:
        for question in self.questions:
            proposal, batch = question.asked.proposal, question.service.batch
            in_flight = [] if batch is None else batch.all_proposals
            in_doubt = [one for aside in question.service.group_commit.aside.batches for one in aside.all_proposals]
            if proposal.is_handed and not question.asked.outcomes:
                assert proposal in [*in_flight, *in_doubt] or proposal.is_withdrawn

    def idempotency_keys(self) -> list[IdempotencyKey]:
        keys = (event.envelope.idempotency_key for event in self.log.events)
        return [key for key in keys if key is not None]

    @invariant()
    def every_request_is_answered_once_and_truthfully(self) -> None:
        for question in self.questions:
            assert len(question.asked.outcomes) <= 1
            for outcome in question.asked.outcomes:
                match outcome:
                    case Accepted(position=Position(sequence=sequence)):
                        there = [event for event in self.log.events if event.position.sequence == sequence]
                        assert question.asked.proposal.operation_id in [event.operation_id for event in there]
                    case Repeated(first=first):
                        same = [event for event in self.log.events if event.operation_id == first.operation_id]
                        keys = [event.envelope.idempotency_key for event in same]
                        assert keys == [question.asked.proposal.idempotency_key]
                    case IdempotencyKeyReused():
                        assert self.payload_of(question) != question.asked.proposal.idempotency_key
                    case TargetUrlTaken(target_url=url):
                        assert url in self.urls()
                    case WebhookNotFound(webhook_id=webhook_id):
                        assert webhook_key(ORGANIZATION, webhook_id) not in question.view.registers
                    case Stale():
                        assert question.view.mark.sequence < question.service.group_commit.tail.floor
                    case EventTooLarge():
                        authors = {event.envelope.author for event in self.log.events}
                        assert question.asked.proposal.author not in authors
                    case _:
                        raise AssertionError(outcome)

    def payload_of(self, question: Question) -> IdempotencyKey:
        """What the first request with the same idempotency key asked for."""
        idempotency_key = question.asked.proposal.idempotency_key
        used = self.idempotency_keys()
        return next(one for one in used if idempotency_key is not None and one.key == idempotency_key.key)

    @invariant()
    def no_target_url_is_taken_twice(self) -> None:
        assert max(Counter(self.urls()).values(), default=1) == 1

    @invariant()
    def a_trigger_comes_after_its_webhook(self) -> None:
        known = set()
        for logged in self.log.events:
            event = logged.envelope.event
            assert isinstance(event, WebhookCreated | TriggerCreated)
            assert isinstance(event, WebhookCreated) or event.webhook_id in known
            known.add(event.webhook_id)

    @invariant()
    def clocks_rise_strictly_so_no_two_events_share_a_stamp(self) -> None:
        clocks = [event.envelope.clock for event in self.log.events]
        assert clocks == sorted(set(clocks))
        stamps = [stamp(event.envelope.clock, HERE, event.position.sequence) for event in self.log.events]
        assert len(stamps) == len(set(stamps))

    @invariant()
    def every_tail_agrees_with_the_log(self) -> None:
        """At each place that a tail remembers it has the log's message, and the count of the events up to there."""
        marks = [BEGINNING, *(message.mark for message in self.log.messages())]
        numbers = Counter(event.position.sequence for event in self.log.events)
        counts = [*accumulate((numbers[mark.sequence] for mark in marks[1:]), initial=0)]
        assert [mark.count for mark in marks] == counts
        for service in self.services:
            tail = service.group_commit.tail
            for mark, count in zip(marks, counts, strict=True):
                known = tail.mark_at(mark.sequence)
                assert known is None or (known == mark and known.count == count)
            assert tail.end == marks[tail.end.sequence]
            assert 0 <= tail.unapplied <= tail.end.count

    def urls(self) -> list[str]:
        events = [event.envelope.event for event in self.log.events]
        return [event.target_url for event in events if isinstance(event, WebhookCreated)]

    def teardown(self) -> None:
        """The network recovers: every request that still waits is answered."""
        try:
            while self.log.on_their_way:
                self.log.take(*self.log.on_their_way.pop())
            for _ in range(3 * len(self.questions) + 3):
                for service in self.services:
                    service.read(10_000)
                    service.step(Fate.ANSWERED, self.now)
            self.each_proposal_is_in_the_log_at_most_once()
            self.every_request_is_answered_once_and_truthfully()
            self.no_target_url_is_taken_twice()
            staying = [q for q in self.questions if not q.asked.proposal.is_withdrawn]
            assert all(len(q.asked.outcomes) == 1 for q in staying), "a request waits forever"
            positions = [q.asked.outcomes[0] for q in self.questions if q.asked.outcomes]
            sequences = Counter(one.position.sequence for one in positions if isinstance(one, Accepted))
            numbers = Counter(event.position.sequence for event in self.log.events)
            assert all(count <= numbers[sequence] for sequence, count in sequences.items())
            undecided = [q.left_with for q in self.questions if q.left_with and q.left_at > len(self.log.entries)]
            assert not undecided, f"the fate of {undecided} stays undecided"
        finally:
            self.patch.undo()


def test_no_interleaving_loss_or_late_arrival_makes_an_answer_untrue() -> None:
    run_state_machine_as_test(World, settings=settings(stateful_step_count=60))


@pytest.mark.long
def test_the_checks_find_services_that_misjudge_lost_acknowledgements() -> None:
    """One fault is found soon. The others take thousands of steps, and run only in a whole run."""
    late = [ServiceThatTrustsSilence, ServiceThatRefusesWhatMayHaveLanded, ServiceThatForgetsWhomItLeftInDoubt]
    for kind in [ServiceThatTakesAnyEventForItsOwn, *late]:
        wrong = type("WrongWorld", (World,), {"kind": kind})
        found_only = settings(stateful_step_count=60, max_examples=5_000, database=None, phases=[Phase.generate])
        with pytest.raises(AssertionError):
            run_state_machine_as_test(wrong, settings=found_only)
