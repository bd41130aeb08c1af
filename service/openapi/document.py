"""The OpenAPI document, put together."""

from importlib.metadata import version

from core.fields import HeaderLimits
from service.http.headers import API_KEY
from service.openapi.api_keys import API_KEYS
from service.openapi.api_keys import TAG as API_KEYS_TAG
from service.openapi.json_schema import Json
from service.openapi.kinds import ADMIN_KEY_SCHEME, API_KEY_SCHEME, Operation
from service.openapi.links import LINKS
from service.openapi.operations import OPERATIONS
from service.openapi.operations import TAG as OPERATIONS_TAG
from service.openapi.parameters import PARAMETERS
from service.openapi.process import PROCESS
from service.openapi.process import TAG as PROCESS_TAG
from service.openapi.reserved import RESERVED
from service.openapi.reserved import TAG as RESERVED_TAG
from service.openapi.responses import HEADERS, RESPONSES
from service.openapi.schemas import schemas
from service.openapi.triggers import TAG as TRIGGERS_TAG
from service.openapi.triggers import TRIGGERS
from service.openapi.webhooks import TAG as WEBHOOKS_TAG
from service.openapi.webhooks import WEBHOOKS

_ABOUT = """\
The webhooks of organizations, and the triggers that call them. Every region has all of them and accepts writes. Each
request chooses its consistency, and each response arrives in bounded time.

**Consistency.** Every POST, PATCH and DELETE takes `SlashID-Required-Consistency`. The default is `local_region`: 201
means that the write is synced to disk in this region and that a read here shows it. With `all_regions`, 201 means that
the write is in every region's log too and that a read in *any* region shows it. A write that does not get so far within
`SlashID-Required-Consistency-Timeout` returns **408. It undoes nothing**, and `meta.consistency` has what is known. A
**503 means that nothing was handed to the log**.

**Session consistency.** Responses have `SlashID-Consistency-Token`. A read with that token, in any region, returns a
state at least as new. A refusal has a token too, if it depends on what the region has.

**Repeats.** A write with an `Idempotency-Key` can be repeated: the repeat rejoins the first attempt. Send a key with
every write: browsers and some HTTP clients repeat a 408 automatically. `GET /operations/{operation_id}` returns the
state of a write.

**The envelope.** Every response is `{"meta": …, "errors": [{"httpcode", "message"}], "result": …}`, except those of
the process itself. The `errors` of a refusal have the response's status and what is wrong.

**Preconditions.** Every route with a key checks `If-Match` and `If-None-Match`, after its 404. Preconditions with dates
are ignored. Only a webhook has an `ETag`. Elsewhere, `If-Match` with tags returns 412, and `*` matches. An
`If-None-Match` that matches returns 304 for a `GET`, and 412 for every other method.

**`HEAD`** returns what `GET` returns, without the body, on every path that has a `GET`.

**Any route** can also return one of these, in the envelope:

| status | why |
|---|---|
| 304 | To a `GET`: `If-None-Match` matches. |
| 404 | There is no such route. |
| 405 | The path does not have this method. `Allow` lists its methods. |
| 408 | The body did not arrive within 10 s. |
| 412 | A precondition does not hold. |
| 413 | The body is longer than the limit (64 KiB unless set otherwise), or its event is larger than that of NATS. |
| 431 | The head is longer than 64 KiB. |
| 503 | The process has reached its limit of connections or requests. Try again. |
"""

_TAGS = {
    WEBHOOKS_TAG: (WEBHOOKS, "The addresses to call, and how."),
    TRIGGERS_TAG: (TRIGGERS, "The events and hooks that call a webhook."),
    OPERATIONS_TAG: (OPERATIONS, "The states of writes."),
    API_KEYS_TAG: (
        API_KEYS,
        "The keys of organizations. These routes exist only if the service has an admin key.",
    ),
    RESERVED_TAG: (
        RESERVED,
        "Not available yet: the service does not call webhooks. Each route returns 501 until it does.",
    ),
    PROCESS_TAG: (PROCESS, "The process itself: health, metrics and pages. These routes need no key."),
}

_SECURITY_SCHEMES: Json = {
    API_KEY_SCHEME: {
        "type": "apiKey",
        "in": "header",
        "name": API_KEY,
        "description": "A key that was issued to the organization that `SlashID-OrgID` names.",
    },
    ADMIN_KEY_SCHEME: {"type": "http", "scheme": "bearer", "description": "One of the service's admin keys."},
}

SERVER = ".."
"""The region that serves this document, relative to it (OpenAPI 3.1, 4.8.5): a proxy may add a prefix to both."""


def document(limits: HeaderLimits) -> Json:
    """The whole contract. It has the administrator's routes even if this process does not have them."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "crosshook",
            "version": version("crosshook"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": SERVER, "description": "The region that serves this document."}],
        "tags": [{"name": tag, "description": description} for tag, (_, description) in _TAGS.items()],
        "paths": _paths([operation for operations, _ in _TAGS.values() for operation in operations]),
        "components": {
            "schemas": schemas(limits),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": RESPONSES,
            "links": LINKS,
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _paths(operations: list[Operation]) -> Json:
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation.description
    return paths
