"""Every kind of event that there is, over few webhooks and keys, so that events meet. A new kind is among them."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from core.events import AnyEvent, Event
from core.stamps import STAMP_WIDTH

KINDS: tuple[type[Event], ...] = get_args(AnyEvent)

Fields = dict[str, st.SearchStrategy[object]]
"""The values of a field, by its name."""


def few(*, webhook_ids: Sequence[str], key_ids: Sequence[str]) -> Fields:
    """A handful of values for each field of any event. A field that is not here fails every test that draws events."""
    return {
        "webhook_id": st.sampled_from(webhook_ids),
        "key_id": st.sampled_from(key_ids),
        "trigger_type": st.just("event"),
        "trigger_name": st.sampled_from(["PersonCreated_v1", "PersonDeleted_v1"]),
        "first_created": st.sampled_from(["", "0" * STAMP_WIDTH, "f" * STAMP_WIDTH]),
        "name": st.sampled_from(["a", "b"]),
        "description": st.just("d"),
        "target_url": st.sampled_from(["https://a.example", "https://A.example:443/", "https://b.example"]),
        "custom_headers": st.just({"a": ["b"]}),
        "timeout_nanoseconds": st.just(1),
        "day": st.sampled_from(["2026-11-29", "2026-11-30"]),
        "scopes": st.sampled_from([(), ("read",), ("read", "write")]),
        "expires_at_milliseconds": st.just(1),
        "digest": st.sampled_from(["d1", "d2"]),
    }


def events(fields: Fields, *, kinds: Sequence[type[Event]] = KINDS) -> st.SearchStrategy[AnyEvent]:
    """Events of any of `kinds`. A field whose default is None may also be that."""
    return st.one_of([_of_one_kind(kind, fields) for kind in kinds])


def _of_one_kind(kind: type[Any], fields: Fields) -> st.SearchStrategy[AnyEvent]:
    return st.builds(
        kind,
        **{
            field.name: st.none() | fields[field.name] if field.default is None else fields[field.name]
            for field in msgspec.structs.fields(kind)
        },
    )
