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
Which webhooks an organization has, and which triggers call them: in every region at once, with the consistency
chosen per request and an honest answer in bounded time.

**Consistency.** Every POST, PATCH and DELETE takes `SlashID-Required-Consistency`. With `local_region`, the
default, a 201 means that what was written is synced to disk in this region and that a read here shows it. With
`all_regions` it is in every region's own log too, and a read in *any* region shows it. What is not reached within
`SlashID-Required-Consistency-Timeout` is a **408: it undoes nothing**, and `meta.consistency` says what is known. A
**503 means that nothing was handed to the log**.

**Reading one's own writes.** Answers carry `SlashID-Consistency-Token`. A read that sends it, in any region,
answers from a state at least that new. A refusal carries one too, where it was decided on what the region has.

**Trying again.** With an `Idempotency-Key` a write can be sent again: it rejoins the first attempt. Send one with every
write: browsers and some HTTP clients repeat a 408 without being asked. `GET /operations/{operation_id}` tells what
became of a write.

**The envelope.** Every answer is `{"meta": …, "errors": [{"httpcode", "message"}], "result": …}`, but for those of
the process itself. A refusal's `errors` has the answer's status and what is wrong.

**Preconditions.** `If-Match` and `If-None-Match` hold on every route that takes a key, after its 404; those of dates do
not count. A webhook has an `ETag`, and nothing else has one: `If-Match` with tags is a 412 there, and `*` matches. An
`If-None-Match` that matches is a 304 to a `GET`, and a 412 to everything else.

**`HEAD`** is `GET` without the body, on every path that has a `GET`.

**Whatever the route**, an answer can also be one of these, in the envelope:

| status | why |
|---|---|
| 304 | To a `GET`: `If-None-Match` matches. |
| 404 | There is no such route. |
| 405 | The path is right and the method is not; `Allow` says which are. |
| 408 | The body did not arrive within 10 s. |
| 412 | A precondition does not hold. |
| 413 | The body is longer than the service takes (64 KiB unless set otherwise), or the event than its NATS takes. |
| 431 | The head is longer than 64 KiB. |
| 503 | The process has as many connections or requests as it takes; try again. |
"""

_TAGS = {
    WEBHOOKS_TAG: (WEBHOOKS, "What is called, and how."),
    TRIGGERS_TAG: (TRIGGERS, "What calls a webhook."),
    OPERATIONS_TAG: (OPERATIONS, "What became of a write."),
    API_KEYS_TAG: (
        API_KEYS,
        "Who is let in. These routes are there only where the service has an admin key (`CROSSHOOK_ADMIN_KEY`).",
    ),
    RESERVED_TAG: (RESERVED, "Not there yet: the service does not call webhooks. Each answers 501 until it does."),
    PROCESS_TAG: (PROCESS, "What the process tells of itself. Nobody has to show a key."),
}

_SECURITY_SCHEMES: Json = {
    API_KEY_SCHEME: {
        "type": "apiKey",
        "in": "header",
        "name": API_KEY,
        "description": "A key that was issued to the organization that `SlashID-OrgID` names.",
    },
    ADMIN_KEY_SCHEME: {"type": "http", "scheme": "bearer", "description": "The service's `CROSSHOOK_ADMIN_KEY`."},
}

SERVER = ".."
"""The region that is asked, from where this document is (OpenAPI 3.1, 4.8.5): a proxy may serve both below a prefix."""


def document(limits: HeaderLimits) -> Json:
    """The whole contract, also of what this process may not have: the routes of an admin key."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "crosshook",
            "version": version("crosshook"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": SERVER, "description": "The region that is asked."}],
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
