"""Proposals for the tests of the tail and of group commit, with their outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapters.event_log import Entry
from core.catalogue import Trigger
from core.commands import Command, CreateTrigger, CreateWebhook
from core.decider import query_for
from core.events import IdempotencyKey
from core.frames import LoggedEvent, decode_message
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import Query, merge, names_in
from core.stamps import NEVER, Clock
from core.webhooks import organization_key, webhook_key
from service.writes.batch import Accepted, Outcome, Proposal
from service.writes.tail import TailMessage, tail_message

HERE = Region("us-iowa")
EPOCH = Epoch("k3v9x2")
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
PERSON_CREATED = Trigger("event", "PersonCreated_v1")


def a_webhook(webhook_id: str, *, target_url: str = "") -> CreateWebhook:
    return CreateWebhook(
        organization_id=ORGANIZATION,
        webhook_id=webhook_id,
        name="hook",
        target_url=target_url or f"https://{webhook_id}.example.com",
    )


def a_trigger(webhook_id: str) -> CreateTrigger:
    return CreateTrigger(organization_id=ORGANIZATION, webhook_id=webhook_id, trigger=PERSON_CREATED)


@dataclass
class View:
    """A projection, or a copy of one: the registers after the first messages of a log."""

    mark: Mark = BEGINNING
    clock: Clock = NEVER
    registers: dict[str, dict[str, str]] = field(default_factory=dict)
    idempotency_keys: set[str] = field(default_factory=set)

    def apply(self, message: TailMessage) -> None:
        assert message.mark.sequence == self.mark.sequence + 1
        self.mark = message.mark
        for event in message.events:
            self.clock = max(self.clock, event.clock)
            merge(self.registers, event.writes)
            if event.idempotency_key is not None:
                self.idempotency_keys.add(event.idempotency_key.key)

    def fields(self, webhook_id: str) -> dict[str, str]:
        """A webhook's registers."""
        return self.registers.get(webhook_key(ORGANIZATION, webhook_id), {})

    @property
    def listed(self) -> set[str]:
        """The ids of the organization's webhooks."""
        return set(self.registers.get(organization_key(ORGANIZATION), {}))

    def shown_for(self, query: Query) -> dict[str, dict[str, str]]:
        """What the projection's `read` returns for `query`."""
        names = [] if query.named_in is None else names_in(self.registers, query.named_in)
        keys = (*query.keys, *(query.follow + name for name in names))
        return {key: dict(self.registers.get(key, {})) for key in keys}

    def counted_for(self, query: Query) -> int:
        """What the projection's `read` counts for `query`."""
        return len(self.registers.get(query.counted, {}))


@dataclass
class Asked:
    """A proposal, and every outcome that it was settled with."""

    proposal: Proposal
    outcomes: list[Outcome]

    @property
    def position(self) -> Position:
        """The position in its one outcome."""
        (outcome,) = self.outcomes
        assert isinstance(outcome, Accepted), outcome
        return outcome.position


def ask(
    command: Command,
    author: str,
    view: View | None = None,
    *,
    idempotency_key: IdempotencyKey | None = None,
    unread: tuple[str, ...] = (),
) -> Asked:
    """A proposal of `author` made with `view` (by default an empty projection).

    `unread` are the further keys that were read, since an earlier proposal lacked them.
    """
    view, query = view or View(), query_for(command)
    outcomes: list[Outcome] = []
    proposal = Proposal(
        command=command,
        author=author,
        vector={HERE: view.mark} if view.mark.sequence else {},
        clock=view.clock,
        registers=view.shown_for(query._replace(keys=(*query.keys, *unread))),
        counted=view.counted_for(query),
        settle=outcomes.append,
        idempotency_key=idempotency_key,
        idempotency_keys=len(view.idempotency_keys),
    )
    return Asked(proposal, outcomes)


def as_read(sequence: int, entry: Entry, *, counted: int | None = None) -> TailMessage:
    """A message as the log's reader makes it from what the log has. `counted` events came before it.

    By default each message before it had one event.
    """
    counted = sequence - 1 if counted is None else counted
    return tail_message(decode_message(HERE, Sequence(sequence), entry.subject, entry.data, counted=counted))


def events_of(entries: Iterable[Entry], *, after: int = 0) -> list[LoggedEvent]:
    """The events of a log's messages, of which the first comes after the message at `after`."""
    return [
        event
        for sequence, (subject, data, _) in enumerate(entries, start=after + 1)
        for event in decode_message(HERE, Sequence(sequence), subject, data, counted=0).events
    ]
