"""The document that clients are generated from, as a service gives it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from core.fields import HeaderLimits
from service.openapi.document import document

DOCUMENT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document(HeaderLimits())))


def objects_in(item: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Every object in it."""
    if isinstance(item, dict):
        yield item
    for part in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
        yield from objects_in(part)


def texts_of(keyword: str) -> Iterator[str]:
    """What `keyword` says, wherever a schema has it. A property may have that name too."""
    return (item[keyword] for item in objects_in(DOCUMENT) if isinstance(item.get(keyword), str))
