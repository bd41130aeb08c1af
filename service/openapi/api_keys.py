"""The operations on API keys. They are there only for who runs the service."""

from service.http.headers import OPERATION, TOKEN
from service.openapi import examples
from service.openapi.kinds import Operation, Own, admin_read, admin_write
from service.openapi.responses import REUSED, answer, body, decided, nothing, refused, succeeded

TAG = "API keys"

_PATH = "/admin/organizations/{organization_id}/keys"
_NO_ROUTE = refused(
    404,
    "The service has no admin key, and so no such route.",
    f"no such route: /admin/organizations/{examples.ORGANIZATION_ID}/keys",
)

_ISSUED_BEFORE = decided(
    409,
    "The `Idempotency-Key` has issued a key before, as consistently as was required. The message names it, and how to "
    "revoke it.",
    f"this Idempotency-Key has issued API key {examples.KEY_ID}, and only the first response had its text. If the text "
    f"is lost, revoke it with DELETE {_PATH.format(organization_id=examples.ORGANIZATION_ID)}/{examples.KEY_ID} "
    "and issue another with a new Idempotency-Key",
    headers=(OPERATION,),
)

API_KEYS: tuple[Operation, ...] = (
    admin_write(
        "post",
        _PATH,
        Own(
            tag=TAG,
            name="issue_api_key",
            summary="Issue an API key",
            description=(
                "Issue a key to an organization. Its text is in this answer and is not kept. A repeat with the same "
                "`Idempotency-Key` issues no second key: it waits as *it* requires, and is a 409."
            ),
            body=body("ApiKeyBody", {"a key with a name": {"name": examples.API_KEY["name"]}, "one without": {}}),
            responses={
                201: answer(
                    "The key is issued, as consistently as was required.",
                    "IssuedApiKeyAnswer",
                    {"the key": succeeded({**examples.API_KEY, "key": examples.API_KEY_TEXT})},
                    headers=(TOKEN, OPERATION),
                    links=("revocation", "operation_of_administrator"),
                ),
                404: _NO_ROUTE,
                409: _ISSUED_BEFORE,
                422: decided(
                    422,
                    "The organization has as many keys as it can have. Or the `Idempotency-Key` was used for another "
                    "body.",
                    "this organization already has its maximum of 100 API keys; revoke one first",
                    REUSED,
                ),
            },
        ),
    ),
    admin_read(
        "get",
        _PATH,
        Own(
            tag=TAG,
            name="list_api_keys",
            summary="List API keys",
            description=("An organization's keys, in the order of their issue, without what their holders show."),
            parameters=("limit", "offset"),
            responses={
                200: answer(
                    "The keys.",
                    "ApiKeysAnswer",
                    {"one key": succeeded([examples.API_KEY], limit=1, offset=0, total_count=1)},
                    headers=(TOKEN,),
                ),
                404: _NO_ROUTE,
            },
        ),
    ),
    admin_write(
        "delete",
        f"{_PATH}/{{key_id}}",
        Own(
            tag=TAG,
            name="revoke_api_key",
            summary="Revoke an API key",
            description=(
                "Let nobody in with this key any more. However often it is asked for, it is done once the revocation "
                "holds as consistently as *this* request requires."
            ),
            parameters=("key_id",),
            responses={
                204: nothing(
                    "The key is revoked, as consistently as was required.",
                    headers=(TOKEN, OPERATION),
                    links=("operation_of_administrator",),
                ),
                404: decided(
                    404,
                    "The organization never had such a key in what this region has applied; or the service has no "
                    "admin key, and so no such route.",
                    f"API key not found: {examples.KEY_ID}",
                ),
            },
        ),
    ),
)
