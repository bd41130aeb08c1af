"""How much memory a registry takes in a Redis with our configuration."""

from adapters.projection import Projection
from core.events import AnyEvent, Envelope, TriggerCreated, WebhookCreated
from core.positions import Position, Sequence
from core.projection import writes_of
from core.stamps import Clock, render
from core.webhooks import webhook_key
from tests.integration.adapters.runs import EPOCH, ORGANIZATION, US, Raw, a_run, current

WEBHOOK_ID = "01a20c31-5483-73d5-8521-3cb5e9bcc1c7"
TRIGGER_BYTES_MAX = 120
TRIGGER_NAMES = [
    f"{name}_v1"
    for name in ("PersonCreated", "PersonDeleted", "PersonLoggedOut", "AuthenticationSucceeded", "VirtualPageLoaded")
]


async def test_a_trigger_takes_little_memory_beside_others_of_its_webhook(projection: Projection, raw: Raw) -> None:
    await current(projection)
    created = WebhookCreated(WEBHOOK_ID, "hook", "https://webhooks.example.com/received", description="of a test")
    events: list[AnyEvent] = [created, *(TriggerCreated(WEBHOOK_ID, "event", name) for name in TRIGGER_NAMES)]
    sizes: list[int] = []
    for sequence, event in enumerate(events, start=1):
        envelope = Envelope("", ORGANIZATION, render(Clock(sequence)), event)
        writes = writes_of(envelope, Position(US, EPOCH, Sequence(sequence)))
        await projection.apply(a_run(sequence - 1, sequence, *writes))
        sizes.append(await raw.memory_usage(webhook_key(ORGANIZATION, WEBHOOK_ID)) or 0)
    assert (sizes[-1] - sizes[0]) / len(TRIGGER_NAMES) <= TRIGGER_BYTES_MAX
