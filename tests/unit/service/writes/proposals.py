"""Proposals for the tests of the tail and of group commit, with their outcomes."""

from dataclasses import dataclass, field

from core.catalogue import Trigger
from core.codec import decode, fingerprint
from core.commands import Command, CreateTrigger, CreateWebhook
from core.decider import query_for
from core.events import IdempotencyKey
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import Query, merge, names_in
from core.stamps import NEVER, Clock
from core.subjects import epoch_in
from core.webhooks import organization_key, webhook_key
from service.writes.batch import Accepted, Outcome, Proposal
from service.writes.tail import TailEvent, tail_event

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
    """A projection, or a copy of one: the registers after the first events of a log."""

    mark: Mark = BEGINNING
    clock: Clock = NEVER
    registers: dict[str, dict[str, str]] = field(default_factory=dict)
    idempotency_keys: set[str] = field(default_factory=set)

    def apply(self, event: TailEvent) -> None:
        assert event.mark.sequence == self.mark.sequence + 1
        self.mark, self.clock = event.mark, max(self.clock, event.clock)
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


def as_read(sequence: int, subject: str, data: bytes) -> TailEvent:
    """An event as the log's follower returns it."""
    position = Position(HERE, epoch_in(subject), Sequence(sequence))
    mark = Mark(position.epoch, position.sequence, fingerprint(subject, data))
    return tail_event(decode(data), position, mark)
