"""What the tests of the tail and of appending propose, and what came of it."""

from dataclasses import dataclass, field

from core.catalogue import Trigger
from core.codec import decode, fingerprint
from core.commands import Command, CreateTrigger, CreateWebhook, Refusal
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import merge
from core.registry import query_for, writes_of
from core.stamps import NEVER, Clock, parse
from core.topology import epoch_in
from service.appending import Accepted, Proposal, Stale
from service.tail import TailEvent

HERE = Region("us-iowa")
EPOCH = Epoch("k3v9x2")
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
PERSON_CREATED = Trigger("event", "PersonCreated_v1")

Outcome = Accepted | Refusal | Stale


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
    """A projection, or a copy of one: what the first events of a log make of the registers."""

    mark: Mark = BEGINNING
    clock: Clock = NEVER
    registers: dict[str, dict[str, str]] = field(default_factory=dict)

    def apply(self, event: TailEvent) -> None:
        assert event.mark.sequence == self.mark.sequence + 1
        self.mark, self.clock = event.mark, max(self.clock, event.clock)
        merge(self.registers, event.writes)

    def shown_for(self, command: Command) -> dict[str, dict[str, str]]:
        """What the projection's `read` answers to the command's query."""
        query = query_for(command)
        keys = [*query.keys]
        if query.follow:
            keys += [query.follow + name for name in self.registers.get(query.keys[0], {})]
        return {key: dict(self.registers.get(key, {})) for key in keys}


@dataclass
class Asked:
    """A proposal, and everything that it was told."""

    proposal: Proposal
    told: list[Outcome]

    @property
    def position(self) -> Position:
        """The one thing it was told, which is a position."""
        (outcome,) = self.told
        assert isinstance(outcome, Accepted), outcome
        return outcome.position


def ask(command: Command, operation_id: str, view: View | None = None) -> Asked:
    """A proposal made with `view` (a projection that has nothing, where none is given)."""
    view = view or View()
    told: list[Outcome] = []
    proposal = Proposal(
        command=command,
        operation_id=operation_id,
        vector={HERE: view.mark} if view.mark.sequence else {},
        clock=view.clock,
        registers=view.shown_for(command),
        settle=told.append,
    )
    return Asked(proposal, told)


def as_read(sequence: int, subject: str, data: bytes) -> TailEvent:
    """An event as the log's follower hands it on."""
    envelope = decode(data)
    position = Position(HERE, epoch_in(subject), Sequence(sequence))
    mark = Mark(position.epoch, position.sequence, fingerprint(subject, data))
    return TailEvent(mark, parse(envelope.clock), writes_of(envelope, position))
