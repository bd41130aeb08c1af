"""Stored webhooks and triggers are distinct, and no organization has more than it may."""

from collections import Counter
from itertools import chain, islice

import pytest

from bench.population import WEBHOOKS_MAX, new_organization, triggers, webhooks
from core.api_keys import credentials_in
from core.catalogue import NAMES
from core.events import ADMINISTRATOR, ApiKeyIssued, TriggerCreated, WebhookCreated

OF_A_WEBHOOK = sum(map(len, NAMES.values()))


def test_every_webhook_comes_before_its_triggers_and_has_each_of_them_once() -> None:
    stored = list(islice(triggers(), 2 * OF_A_WEBHOOK + 1))
    events = [owned.event for owned in chain.from_iterable(stored)]
    assert [isinstance(event, WebhookCreated) for event in events].count(True) == 3
    known: set[str] = set()
    made = Counter[tuple[str, str, str]]()
    for event in events:
        match event:
            case WebhookCreated():
                known.add(event.webhook_id)
            case TriggerCreated():
                assert event.webhook_id in known
                made[event.webhook_id, event.trigger_type, event.trigger_name] += 1
            case _:
                pytest.fail(f"unexpected: {event}")
    assert len(made) == len(stored)
    assert set(made.values()) == {1}


def test_an_organization_has_no_more_webhooks_than_it_may() -> None:
    stored = chain.from_iterable(islice(triggers(), (WEBHOOKS_MAX + 1) * OF_A_WEBHOOK))
    owners = Counter(owned.organization_id for owned in stored if isinstance(owned.event, WebhookCreated))
    assert sorted(owners.values()) == [1, WEBHOOKS_MAX]


def test_target_urls_of_an_organization_are_distinct() -> None:
    assert len({webhook.target_url for webhook in islice(webhooks(), 100)}) == 100


def test_the_issued_key_is_the_one_that_requests_use() -> None:
    organization = new_organization()
    credentials, issued = credentials_in(organization.api_key), organization.issued()
    assert issued.event == ApiKeyIssued(key_id=credentials.key_id, digest=credentials.digest)
    assert issued.organization_id == organization.organization_id
    assert issued.author == ADMINISTRATOR
    assert organization.owns(issued.event).author == credentials.key_id
