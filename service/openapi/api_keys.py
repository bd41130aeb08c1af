"""The operations on API keys, which only the administrator has."""

from service.http.headers import OPERATION, TOKEN
from service.openapi import examples
from service.openapi.kinds import Operation, admin_read, admin_write
from service.openapi.responses import REUSED, body, decided, json_response, nothing, refused, succeeded
from service.routes.api_keys import issue_api_key, list_api_keys, revoke_api_key

TAG = "API keys"

_PATH = "/admin/organizations/{organization_id}/keys"
_NO_ROUTE = refused(
    404,
    "The service has no admin key, so the route does not exist.",
    f"no such route: /admin/organizations/{examples.ORGANIZATION_ID}/keys",
)

_ISSUED_BEFORE = decided(
    409,
    "The `Idempotency-Key` has issued a key before, with the required consistency. The message names that key, and how "
    "to revoke it.",
    f"this Idempotency-Key has issued API key {examples.KEY_ID}, and only the first response had its text. If the text "
    f"is lost, revoke it with DELETE {_PATH.format(organization_id=examples.ORGANIZATION_ID)}/{examples.KEY_ID} "
    "and issue another with a new Idempotency-Key",
    headers=(OPERATION,),
)

API_KEYS: tuple[Operation, ...] = (
    admin_write(
        issue_api_key,
        tag=TAG,
        body=body(
            "ApiKeyBody",
            {
                "a key with restrictions": {name: examples.API_KEY[name] for name in ("name", "scopes", "expires_at")},
                "one without, and without a name": {},
            },
        ),
        responses={
            201: json_response(
                "The key is issued, with the required consistency.",
                "IssuedApiKeyAnswer",
                {"the key": succeeded({**examples.API_KEY, "key": examples.API_KEY_TEXT})},
                headers=(TOKEN, OPERATION),
                links=("revocation", "operation_of_administrator"),
            ),
            404: _NO_ROUTE,
            409: _ISSUED_BEFORE,
            422: decided(
                422,
                "The organization has reached its limit of keys. Or the `Idempotency-Key` was used for another body.",
                "this organization already has its maximum of 100 API keys; revoke one first",
                REUSED,
            ),
        },
    ),
    admin_read(
        list_api_keys,
        tag=TAG,
        responses={
            200: json_response(
                "The keys.",
                "ApiKeysAnswer",
                {"one key": succeeded([examples.API_KEY], limit=1, offset=0, total_count=1)},
                headers=(TOKEN,),
            ),
            404: _NO_ROUTE,
        },
    ),
    admin_write(
        revoke_api_key,
        tag=TAG,
        responses={
            204: nothing(
                "The key is revoked, with the required consistency.",
                headers=(TOKEN, OPERATION),
                links=("operation_of_administrator",),
            ),
            404: decided(
                404,
                "In what this region has applied, the organization never had such a key. Or the service has no admin "
                "key, so the route does not exist.",
                f"API key not found: {examples.KEY_ID}",
            ),
        },
    ),
)
