from copy import deepcopy
from dataclasses import dataclass, field

import pytest
from msgspec import structs

from core.catalogue import Trigger
from core.commands import (
    ApiKeyNotFound,
    Command,
    CreateTrigger,
    CreateWebhook,
    DeletedBefore,
    DeleteTrigger,
    DeleteWebhook,
    FieldRefused,
    RevokeApiKey,
    TargetUrlTaken,
    TooManyWebhooks,
    TriggerNotFound,
    UpdateWebhook,
    WebhookNotFound,
)
from core.decider import decide, query_for
from core.events import AnyEvent, Envelope, TriggerCreated, WebhookCreated
from core.fields import NoLongerTaken
from core.positions import Epoch, Position, Region, Sequence
from core.preconditions import ANY, UNCONDITIONAL, PreconditionFailed, Preconditions, Unmet
from core.projection import writes_of
from core.registers import Write, merge, names_in
from core.stamps import LOGICAL_BITS, Clock, place_in, render
from core.webhooks import (
    Webhook,
    organization_key,
    query_webhook,
    query_webhooks,
    triggers_in,
    webhook_in,
    webhook_key,
    webhooks_in,
)

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
OTHER_ORGANIZATION = "0b0c4b2e-11d5-4e5b-8b0a-5e6f3f2d8c11"
US, EU = Region("us-iowa"), Region("europe-belgium")
CREATED, LOGGED_OUT = Trigger("event", "PersonCreated_v1"), Trigger("event", "PersonLoggedOut_v1")
MINTED = Trigger("sync_hook", "token_minted")


def a_webhook(
    webhook_id: str = "w1", *, target_url: str = "https://example.com", of: str = ORGANIZATION
) -> CreateWebhook:
    return CreateWebhook(organization_id=of, webhook_id=webhook_id, name="hook", target_url=target_url)


def a_trigger(trigger: Trigger = CREATED, *, webhook_id: str = "w1", of: str = ORGANIZATION) -> CreateTrigger:
    return CreateTrigger(organization_id=of, webhook_id=webhook_id, trigger=trigger)


@dataclass
class Registry:
    """A projection with a log of its own: commands are decided on what `query_for` reads, as the service does."""

    origin: Region = US
    registers: dict[str, dict[str, str]] = field(default_factory=dict)
    sequence: int = 0

    def decide(self, command: Command, preconditions: Preconditions = UNCONDITIONAL) -> AnyEvent:
        query = query_for(command)
        names = [] if query.named_in is None else names_in(self.registers, query.named_in)
        keys = {*query.keys, *(query.follow + name for name in names)}
        return decide(
            command,
            {key: self.registers[key] for key in keys if key in self.registers},
            preconditions,
            webhooks_count=len(self.registers.get(query.counted, {})),
        )

    def apply(self, event: AnyEvent, *, of: str = ORGANIZATION, clock: int = 0) -> list[Write]:
        self.sequence += 1
        envelope = Envelope(
            operation_id="o", organization_id=of, clock=render(Clock(clock or self.sequence)), event=event
        )
        writes = writes_of(envelope, Position(self.origin, Epoch("k3v9x2"), Sequence(self.sequence)))
        merge(self.registers, writes)
        return writes

    def do(self, command: Command, *, clock: int = 0) -> AnyEvent:
        event = self.decide(command)
        self.apply(event, of=command.organization_id, clock=clock)
        return event

    def webhook(self, webhook_id: str = "w1") -> Webhook | None:
        return webhook_in(webhook_id, self.registers.get(webhook_key(ORGANIZATION, webhook_id), {}))

    def triggers(self, webhook_id: str = "w1") -> list[Trigger]:
        return list(triggers_in(self.registers.get(webhook_key(ORGANIZATION, webhook_id), {})))


def test_a_webhook_is_registered_with_all_its_fields() -> None:
    registry = Registry()
    command = CreateWebhook(
        organization_id=ORGANIZATION,
        webhook_id="w1",
        name="Grüße",
        target_url="https://example.com/hooks",
        description="what it is for",
        custom_headers={"X-B": ["2", ""], "X-A": ["1"]},
        timeout_nanoseconds=1_500_000_000,
    )
    registry.do(command)
    webhook = webhook_in("w1", registry.registers[webhook_key(ORGANIZATION, "w1")])
    assert webhook is not None
    said = set(webhook.__struct_fields__) & set(command.__struct_fields__)
    assert {name: getattr(webhook, name) for name in said} == {name: getattr(command, name) for name in said}


def test_a_trigger_of_a_missing_webhook_is_refused() -> None:
    with pytest.raises(WebhookNotFound) as refusal:
        Registry().decide(a_trigger(webhook_id="w7"))
    assert refusal.value.webhook_id == "w7"


def test_another_organizations_webhook_is_not_there() -> None:
    registry = Registry()
    registry.do(a_webhook("w1", of=OTHER_ORGANIZATION))
    with pytest.raises(WebhookNotFound):
        registry.decide(a_trigger(webhook_id="w1"))


def test_a_webhook_of_which_only_a_trigger_has_arrived_is_not_there_yet() -> None:
    registry = Registry()
    registry.apply(TriggerCreated(webhook_id="w1", trigger_type="event", trigger_name="PersonCreated_v1"))
    with pytest.raises(WebhookNotFound):
        registry.decide(a_trigger(LOGGED_OUT))
    assert webhook_in("w1", registry.registers[webhook_key(ORGANIZATION, "w1")]) is None


def test_a_taken_target_url_is_refused() -> None:
    registry = Registry()
    registry.do(a_webhook("w1", target_url="https://example.com/a"))
    with pytest.raises(TargetUrlTaken) as refusal:
        registry.decide(a_webhook("w2", target_url="https://example.com/a"))
    assert refusal.value.target_url == "https://example.com/a"


def test_a_target_url_is_unique_within_an_organization_only() -> None:
    registry = Registry()
    registry.do(a_webhook("w1"))
    registry.do(a_webhook("w2", target_url="https://example.com/b"))
    registry.do(a_webhook("w3", of=OTHER_ORGANIZATION))
    assert [found.webhook_id for found in webhooks_in(ORGANIZATION, registry.registers)] == ["w1", "w2"]
    assert [found.webhook_id for found in webhooks_in(OTHER_ORGANIZATION, registry.registers)] == ["w3"]


def test_a_target_url_is_not_taken_by_a_webhook_that_now_has_another_one() -> None:
    registry = Registry()
    registry.do(a_webhook("w1", target_url="https://example.com/a"))
    registry.do(UpdateWebhook(ORGANIZATION, "w1", target_url="https://example.com/b"))
    assert isinstance(registry.decide(a_webhook("w2", target_url="https://example.com/a")), WebhookCreated)
    with pytest.raises(TargetUrlTaken):
        registry.decide(a_webhook("w2", target_url="https://example.com/b"))


def test_an_unchanged_target_url_is_not_taken_but_a_changed_one_may_be() -> None:
    registry = Registry()
    event, other = registry.decide(a_webhook("w1")), registry.decide(a_webhook("w2"))
    registry.apply(event)
    registry.apply(other)
    registry.do(UpdateWebhook(ORGANIZATION, "w1", name="still shared", target_url="https://EXAMPLE.com:443/"))
    registry.do(UpdateWebhook(ORGANIZATION, "w1", target_url="https://example.com/alone"))
    registry.do(UpdateWebhook(ORGANIZATION, "w1", target_url="https://example.com/alone"))
    with pytest.raises(TargetUrlTaken):
        registry.decide(UpdateWebhook(ORGANIZATION, "w1", target_url="https://example.com"))


NO_LONGER = NoLongerTaken("target_url", "expected whole escapes")


def test_a_value_of_an_earlier_version_can_be_kept_and_changed_but_not_set_anew() -> None:
    registry = Registry()
    registry.apply(WebhookCreated("w1", "hook", "https://x.example/%zz"))
    keeping = UpdateWebhook(
        ORGANIZATION, "w1", name="b", target_url="https://x.example/%zz", no_longer_taken=(NO_LONGER,)
    )
    registry.do(keeping)
    webhook = registry.webhook()
    assert webhook is not None
    assert (webhook.name, webhook.target_url) == ("b", "https://x.example/%zz")
    with pytest.raises(FieldRefused, match=r"^target_url: expected whole escapes$"):
        registry.decide(structs.replace(keeping, target_url="https://X.example/%zz"))
    registry.do(UpdateWebhook(ORGANIZATION, "w1", target_url="https://x.example/"))
    with pytest.raises(FieldRefused):
        registry.decide(keeping)


def test_custom_headers_of_an_earlier_version_can_be_kept_in_any_order() -> None:
    registry = Registry()
    registry.apply(WebhookCreated("w1", "hook", "https://x.example", custom_headers={"Host": ["a"], "A": []}))
    error = NoLongerTaken("custom_headers", "expected names other than ...")
    keeping = UpdateWebhook(ORGANIZATION, "w1", custom_headers={"A": [], "Host": ["a"]}, no_longer_taken=(error,))
    registry.do(keeping)
    with pytest.raises(FieldRefused):
        registry.decide(structs.replace(keeping, custom_headers={"Host": ["b"]}))


def test_webhooks_that_already_share_a_target_url_can_be_changed_and_a_third_is_refused() -> None:
    registry = Registry()
    for name, address in (("w1", "https://x.example"), ("w2", "https://X.example:443/")):
        registry.apply(WebhookCreated(name, "hook", address))
    for name in ("w1", "w2"):
        registry.do(UpdateWebhook(ORGANIZATION, name, name="renamed", target_url="https://x.example/."))
    with pytest.raises(TargetUrlTaken):
        registry.decide(a_webhook("w3", target_url="https://x.example:/"))


def test_changes_of_different_fields_in_two_regions_both_stay() -> None:
    registry = Registry()
    registry.do(a_webhook())
    name = registry.decide(UpdateWebhook(ORGANIZATION, "w1", name="renamed"))
    timeout = registry.decide(UpdateWebhook(ORGANIZATION, "w1", timeout_nanoseconds=7))
    registry.apply(timeout, clock=9)
    registry.apply(name, clock=5)
    webhook = registry.webhook()
    assert webhook is not None
    assert (webhook.name, webhook.timeout_nanoseconds) == ("renamed", 7)


def test_a_change_of_a_webhook_moves_updated_at_and_the_etag_and_a_new_trigger_moves_neither() -> None:
    registry = Registry()
    registry.do(a_webhook(), clock=10 << LOGICAL_BITS)
    before = registry.webhook()
    registry.do(a_trigger(), clock=11 << LOGICAL_BITS)
    assert before is not None
    assert registry.webhook() == before
    assert (before.created_at_milliseconds, before.updated_at_milliseconds) == (10, 10)
    registry.do(UpdateWebhook(ORGANIZATION, "w1", description="more"), clock=12 << LOGICAL_BITS)
    after = registry.webhook()
    assert after is not None
    assert (after.created_at_milliseconds, after.updated_at_milliseconds) == (10, 12)
    assert after.etag != before.etag


def test_a_change_or_deletion_of_an_unseen_state_is_refused() -> None:
    registry = Registry()
    registry.do(a_webhook())
    seen = registry.webhook()
    assert seen is not None
    has_seen = Preconditions(if_match=('"other"', f'"{seen.etag}"'))
    registry.apply(registry.decide(UpdateWebhook(ORGANIZATION, "w1", name="b"), has_seen))
    for late in (UpdateWebhook(ORGANIZATION, "w1", name="c"), DeleteWebhook(ORGANIZATION, "w1")):
        with pytest.raises(PreconditionFailed) as caught:
            registry.decide(late, has_seen)
        now = registry.webhook()
        assert now is not None
        assert (caught.value.unmet, caught.value.etag, caught.value.webhook_id) == (Unmet.CHANGED, now.etag, "w1")
    registry.do(DeleteWebhook(ORGANIZATION, "w1"))


TAGS, NOTHING_THERE = Preconditions(if_match=('"a"',)), Preconditions(if_none_match=ANY)


def test_a_missing_target_is_reported_before_a_failed_precondition() -> None:
    registry = Registry()
    registry.do(a_webhook())
    for command, refusal in (
        (UpdateWebhook(ORGANIZATION, "w2"), WebhookNotFound),
        (a_trigger(webhook_id="w2"), WebhookNotFound),
        (DeleteTrigger(ORGANIZATION, "w1", CREATED), TriggerNotFound),
        (RevokeApiKey(ORGANIZATION, "k"), ApiKeyNotFound),
    ):
        for preconditions in (TAGS, NOTHING_THERE):
            with pytest.raises(refusal):
                registry.decide(command, preconditions)


def test_a_failed_precondition_is_reported_before_any_other_refusal() -> None:
    registry = Registry()
    registry.do(a_webhook())
    registry.do(a_webhook("w2", target_url="https://example.com/taken"))
    taking = UpdateWebhook(ORGANIZATION, "w1", target_url="https://example.com/taken")
    with pytest.raises(TargetUrlTaken):
        registry.decide(taking, Preconditions(if_match=ANY))
    with pytest.raises(PreconditionFailed):
        registry.decide(taking, TAGS)


def test_a_resource_without_a_tag_matches_only_a_star() -> None:
    registry = Registry()
    registry.do(a_webhook())
    registry.do(a_trigger(LOGGED_OUT))
    commands = (
        a_webhook("w2", target_url="https://example.com/2"),
        a_trigger(),
        DeleteTrigger(ORGANIZATION, "w1", LOGGED_OUT),
    )
    for command in commands:
        registry.decide(command, Preconditions(if_match=ANY, if_none_match=('"a"',)))
        for preconditions, unmet in ((TAGS, Unmet.UNTAGGED), (NOTHING_THERE, Unmet.MATCHED)):
            with pytest.raises(PreconditionFailed) as caught:
                registry.decide(command, preconditions)
            assert caught.value.unmet is unmet


def test_a_deleted_webhook_and_its_triggers_stay_deleted_whatever_arrives_late() -> None:
    registry = Registry()
    event = registry.do(a_webhook())
    late = registry.decide(a_trigger())
    registry.do(a_trigger(LOGGED_OUT))
    registry.do(DeleteWebhook(ORGANIZATION, "w1"))
    buried = deepcopy(registry.registers)
    registry.apply(late, clock=99)
    registry.apply(event, clock=98)
    assert registry.registers == buried
    assert registry.webhook() is None
    assert registry.triggers() == []
    assert webhooks_in(ORGANIZATION, registry.registers) == []
    for command in (a_trigger(), DeleteTrigger(ORGANIZATION, "w1", CREATED), UpdateWebhook(ORGANIZATION, "w1")):
        with pytest.raises(WebhookNotFound):
            registry.decide(command)
    registry.do(a_webhook("w2"))


def test_a_repeated_deletion_names_the_event_of_the_first_whatever_tag_it_has_seen() -> None:
    registry = Registry()
    registry.do(a_webhook())
    registry.do(a_trigger())
    registry.do(DeleteTrigger(ORGANIZATION, "w1", CREATED))
    with pytest.raises(DeletedBefore) as trigger:
        registry.decide(DeleteTrigger(ORGANIZATION, "w1", CREATED))
    assert place_in(trigger.value.stamp, [EU, US]) == (US, 3)
    assert isinstance(trigger.value.missing, TriggerNotFound)
    registry.do(DeleteWebhook(ORGANIZATION, "w1"))
    for preconditions in (UNCONDITIONAL, TAGS):
        with pytest.raises(DeletedBefore) as webhook:
            registry.decide(DeleteWebhook(ORGANIZATION, "w1"), preconditions)
        assert place_in(webhook.value.stamp, [EU, US]) == (US, 4)
        assert isinstance(webhook.value.missing, WebhookNotFound)
    with pytest.raises(WebhookNotFound):
        registry.decide(DeleteWebhook(OTHER_ORGANIZATION, "w1"))


def test_a_deleted_trigger_is_missing_and_takes_a_new_place_when_created_again() -> None:
    registry = Registry()
    registry.do(a_webhook())
    with pytest.raises(TriggerNotFound):
        registry.decide(DeleteTrigger(ORGANIZATION, "w1", CREATED))
    registry.do(a_trigger(CREATED))
    registry.do(a_trigger(LOGGED_OUT))
    registry.do(DeleteTrigger(ORGANIZATION, "w1", CREATED))
    assert registry.triggers() == [LOGGED_OUT]
    with pytest.raises(DeletedBefore):
        registry.decide(DeleteTrigger(ORGANIZATION, "w1", CREATED))
    registry.do(a_trigger(CREATED))
    assert registry.triggers() == [LOGGED_OUT, CREATED]


def test_a_webhook_beyond_the_maximum_is_refused_and_a_deletion_makes_room() -> None:
    registry = Registry()
    for number in range(3):
        registry.do(a_webhook(f"w{number}", target_url=f"https://example.com/{number}"))
    fourth = structs.replace(a_webhook("w4"), webhooks_max=3)
    with pytest.raises(TooManyWebhooks):
        registry.decide(fourth)
    registry.do(DeleteWebhook(ORGANIZATION, "w0"))
    registry.do(fourth)


def test_two_webhooks_with_one_target_url_from_two_regions_both_stay_and_a_third_is_refused() -> None:
    registry = Registry()
    event = registry.decide(a_webhook("w1"))
    other = registry.decide(a_webhook("w2"))
    registry.apply(event)
    registry.apply(other)
    assert [found.webhook_id for found in webhooks_in(ORGANIZATION, registry.registers)] == ["w1", "w2"]
    with pytest.raises(TargetUrlTaken):
        registry.decide(a_webhook("w3"))


def test_triggers_are_listed_in_the_order_of_their_creation() -> None:
    registry = Registry()
    registry.do(a_webhook())
    for trigger in (MINTED, LOGGED_OUT, CREATED):
        registry.do(a_trigger(trigger))
    assert registry.triggers() == [MINTED, LOGGED_OUT, CREATED]


def test_creating_a_trigger_again_is_an_event_and_keeps_its_place() -> None:
    registry = Registry()
    registry.do(a_webhook())
    first = registry.do(a_trigger(CREATED))
    registry.do(a_trigger(MINTED))
    for _ in range(2):
        again = registry.do(a_trigger(CREATED))
        assert isinstance(again, TriggerCreated)
        assert again != first
        assert registry.triggers() == [CREATED, MINTED]


def test_creating_a_trigger_again_raises_its_stamp() -> None:
    registry = Registry()
    registry.do(a_webhook())
    key, name = webhook_key(ORGANIZATION, "w1"), "trigger:event:PersonCreated_v1"
    registry.do(a_trigger(CREATED))
    before = registry.registers[key][name]
    registry.do(a_trigger(CREATED))
    assert registry.registers[key][name] > before


def test_of_two_concurrent_creations_of_a_trigger_the_higher_stamp_decides_its_place() -> None:
    us, eu = Registry(US), Registry(EU)
    for region in (us, eu):
        region.apply(WebhookCreated(webhook_id="w1", name="hook", target_url="https://example.com"), clock=1)
    from_us = us.apply(us.decide(a_trigger(CREATED)), clock=5)
    from_eu = eu.apply(eu.decide(a_trigger(CREATED)), clock=9)
    between = us.apply(us.decide(a_trigger(MINTED)), clock=7)
    merge(us.registers, from_eu)
    merge(eu.registers, between + from_us)
    assert us.triggers() == eu.triggers() == [MINTED, CREATED]


def test_webhooks_are_listed_in_the_order_of_their_stamps_not_of_their_arrival() -> None:
    registry = Registry()
    registry.apply(WebhookCreated(webhook_id="w2", name="b", target_url="https://b.example"), clock=2)
    registry.apply(WebhookCreated(webhook_id="w1", name="a", target_url="https://a.example"), clock=1)
    assert [webhook.webhook_id for webhook in webhooks_in(ORGANIZATION, registry.registers)] == ["w1", "w2"]


def test_of_two_writes_the_higher_stamp_stays_and_an_equal_one_changes_nothing() -> None:
    low, high = "0" * 35 + "1", "0" * 35 + "2"
    registers: dict[str, dict[str, str]] = {}
    merge(registers, [Write("k", "f", high + "high"), Write("k", "f", low + "low"), Write("k", "f", high + "again")])
    assert registers == {"k": {"f": high + "high"}}


def test_registers_hold_custom_headers_in_one_order_whatever_order_they_came_in() -> None:
    def headers_register(headers: dict[str, list[str]]) -> str:
        event = WebhookCreated(webhook_id="w1", name="a", target_url="https://a.example", custom_headers=headers)
        writes = Registry().apply(event)
        return next(write.register for write in writes if write.field == "custom_headers")

    assert headers_register({"A": ["1"], "B": ["2"]}) == headers_register({"B": ["2"], "A": ["1"]})


def test_queries_read_only_the_keys_of_their_organization() -> None:
    assert ORGANIZATION in query_webhook(ORGANIZATION, "w1").keys[0]
    assert query_webhooks(ORGANIZATION, offset=0, limit=1_000).keys == (organization_key(ORGANIZATION),)
    assert query_webhooks(ORGANIZATION, offset=0, limit=1_000).follow == webhook_key(ORGANIZATION, "")
    for command in (a_webhook(), a_trigger()):
        assert all(ORGANIZATION in key for key in query_for(command).keys)
