"""Texts for one endpoint have one normal form, and an index finds every webhook by it, whatever the order of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import AnyEvent, Envelope, WebhookCreated, WebhookDeleted, WebhookUpdated
from core.positions import Epoch, Position, Region, Sequence
from core.projection import writes_of
from core.registers import Write, merge
from core.stamps import Clock, render
from core.targets import normal_form, normal_form_in, targets_key, text_in, value_with_normal_form
from core.webhooks import webhook_in, webhook_key
from tests.indexes import derived_index

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
PLAIN = "https://hooks.example.com/a/~b-c_d.e"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        # 6.2.2.1: case
        ("HTTPS://Hooks.EXAMPLE.com/A", "https://hooks.example.com/A"),
        ("https://x.example/%2f%c3%A4", "https://x.example/%2F%C3%A4"),
        # 6.2.2.2: escapes of what needs none
        ("https://x.example/%68ook%2Da%2E%5f%7e%30", "https://x.example/hook-a._~0"),
        ("https://x.example/%2F%3a%40%21", "https://x.example/%2F%3A%40%21"),
        ("https://x.example/%2568", "https://x.example/%2568"),
        # 6.2.2.3: dot segments, written as they may be
        ("https://x.example/a/./b/../c", "https://x.example/a/c"),
        ("https://x.example/a/%2e%2E/b", "https://x.example/b"),
        ("https://x.example/../..", "https://x.example/"),
        ("https://x.example/a/.", "https://x.example/a/"),
        ("https://x.example/a/..", "https://x.example/"),
        ("https://x.example/a//../b", "https://x.example/a/b"),
        ("https://x.example//a/...", "https://x.example//a/..."),
        # 6.2.3: port and path
        ("https://x.example", "https://x.example/"),
        ("https://x.example:443", "https://x.example/"),
        ("https://x.example:0443/", "https://x.example/"),
        ("https://x.example:/a", "https://x.example/a"),
        ("https://x.example:08443/a", "https://x.example:8443/a"),
        ("https://x.example:80", "https://x.example:80/"),
        # what is not equivalent by these sections
        ("https://x.example./", "https://x.example./"),
        ("https://x.example/a/", "https://x.example/a/"),
        # what an earlier version took, and what never was a target_url
        ("https://x.example/%zz%", "https://x.example/%zz%"),
        ("https://x.example/a|b\\c", "https://x.example/a|b\\c"),
        ("no url", "no url"),
        ("", ""),
    ],
)
def test_the_normal_form_is_that_of_rfc_3986(text: str, normal: str) -> None:
    assert normal_form(text) == normal
    assert normal_form(normal) == normal


def test_a_port_of_any_length_causes_no_error() -> None:
    assert normal_form("https://x.example:" + "0" * 10_000 + "443") == "https://x.example/"
    assert normal_form("https://x.example:" + "9" * 10_000).endswith("9/")


@given(
    st.text(st.sampled_from("abAB:/.%2eE4~|\\é"), max_size=24), st.sampled_from(["https://x.example", "https://", ""])
)
def test_a_normal_form_is_its_own(text: str, start: str) -> None:
    normal = normal_form(start + text)
    assert normal_form(normal) == normal


@pytest.mark.parametrize("text", [PLAIN, "HTTPS://Hooks.example.com:443"])
def test_a_register_keeps_the_text_as_given_beside_its_normal_form(text: str) -> None:
    value = value_with_normal_form(text)
    assert text_in(value) == text
    assert normal_form_in(value) == normal_form(text)
    assert value_with_normal_form(PLAIN) == PLAIN, "equal forms are stored once"


WEBHOOKS = ["w1", "w2", "w3"]
REGIONS = [Region("us-iowa"), Region("europe-belgium")]
addresses = st.sampled_from(["https://a.example", "https://A.example/", "https://b.example", "https://b.example:443/"])
events: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(WebhookCreated, st.sampled_from(WEBHOOKS), st.just("hook"), addresses),
    st.builds(WebhookUpdated, st.sampled_from(WEBHOOKS), target_url=addresses),
    st.builds(WebhookUpdated, st.sampled_from(WEBHOOKS), name=st.just("renamed")),
    st.builds(WebhookDeleted, st.sampled_from(WEBHOOKS)),
)


@st.composite
def writes_in_any_order(draw: st.DrawFn) -> list[Write]:
    """Writes of two regions to few webhooks and URLs at the same time, in any order of arrival, some of them twice."""
    writes: list[Write] = []
    for place, event in enumerate(draw(st.lists(events, max_size=12)), start=1):
        envelope = Envelope(
            operation_id="o",
            organization_id=ORGANIZATION,
            clock=render(Clock(draw(st.integers(1, 6)))),
            event=event,
        )
        writes += writes_of(envelope, Position(draw(st.sampled_from(REGIONS)), Epoch("k3v9x2"), Sequence(place)))
    return draw(st.permutations([*writes, *writes[:3]]))


@given(writes_in_any_order())
def test_at_every_moment_the_index_names_each_live_webhook_by_its_normal_form_and_nothing_else(
    writes: list[Write],
) -> None:
    registers: dict[str, dict[str, str]] = {}
    for write in writes:
        merge(registers, [write])
        assert registers.get(targets_key(ORGANIZATION), {}) == derived_index(registers, ORGANIZATION)


def test_the_index_that_the_check_derives_has_a_live_webhook() -> None:
    registers: dict[str, dict[str, str]] = {}
    envelope = Envelope(
        operation_id="o",
        organization_id=ORGANIZATION,
        clock=render(Clock(1)),
        event=WebhookCreated("w1", "hook", "https://A.example"),
    )
    merge(registers, writes_of(envelope, Position(REGIONS[0], Epoch("k3v9x2"), Sequence(1))))
    assert list(derived_index(registers, ORGANIZATION).values()) == ["w1"]
    webhook = webhook_in("w1", registers[webhook_key(ORGANIZATION, "w1")])
    assert webhook is not None
    assert webhook.target_url == "https://A.example"
