"""What the tests of the tail and of appending propose, and what came of it."""

from dataclasses import dataclass, field

from core.catalogue import Trigger
from core.codec import decode, fingerprint
from core.commands import Command, CreateTrigger, CreateWebhook
from core.events import Retry
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import merge
from core.registry import query_for
from core.stamps import NEVER, Clock
from core.topology import epoch_in
from service.batch import Accepted, Outcome, Proposal
from service.tail import TailEvent, tail_event

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
    """A projection, or a copy of one: what the first events of a log make of the registers."""

    mark: Mark = BEGINNING
    clock: Clock = NEVER
    registers: dict[str, dict[str, str]] = field(default_factory=dict)
    retry_keys: set[str] = field(default_factory=set)

    def apply(self, event: TailEvent) -> None:
        assert event.mark.sequence == self.mark.sequence + 1
        self.mark, self.clock = event.mark, max(self.clock, event.clock)
        merge(self.registers, event.writes)
        if event.retry is not None:
            self.retry_keys.add(event.retry.key)

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


def ask(command: Command, author: str, view: View | None = None, *, retry: Retry | None = None) -> Asked:
    """A proposal of `author` made with `view` (a projection that has nothing, where none is given)."""
    view = view or View()
    told: list[Outcome] = []
    proposal = Proposal(
        command=command,
        author=author,
        vector={HERE: view.mark} if view.mark.sequence else {},
        clock=view.clock,
        registers=view.shown_for(command),
        settle=told.append,
        retry=retry,
        retry_keys=len(view.retry_keys),
    )
    return Asked(proposal, told)


def as_read(sequence: int, subject: str, data: bytes) -> TailEvent:
    """An event as the log's follower hands it on."""
    position = Position(HERE, epoch_in(subject), Sequence(sequence))
    mark = Mark(position.epoch, position.sequence, fingerprint(subject, data))
    return tail_event(decode(data), position, mark)
