"""Routes of the original API that belong to calling webhooks, which this service does not do yet: 501."""

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from core.key_scopes import KeyScope
from service.http.authentication.identification import identify, organization_in
from service.http.content_encoding import refuse_encoded_body
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Empty, failure
from service.http.headers import AnyRequest

VERIFICATION_KEYS = "/organizations/webhooks/verification-jwks"
TEST_EVENTS = "/test-events"
NO_KEYS_YET = "verification keys are not there yet: this service calls no webhook, so it signs nothing"
NO_TESTS_YET = "test events are not there yet: this service calls no webhook"


@get(
    VERIFICATION_KEYS,
    summary="Read the keys that calls are signed with",
    description="Not available yet. It will take the organization's id alone, without an API key.",
    sync_to_thread=False,
)
def read_verification_keys(request: AnyRequest) -> EncodedResponse[Empty]:
    """Read the keys with which calls of webhooks are signed."""
    organization_in(request)
    return failure(501, NO_KEYS_YET)


@post(
    TEST_EVENTS,
    summary="Call webhooks with made-up events",
    description="Not available yet.",
    sync_to_thread=False,
)
def create_test_events(request: AnyRequest) -> EncodedResponse[Empty]:
    """Have an organization's webhooks called with made-up events."""
    refuse_encoded_body(request)
    identify(request, KeyScope.EVENTS)
    return failure(501, NO_TESTS_YET)


RESERVED_ROUTES: tuple[HTTPRouteHandler, ...] = (read_verification_keys, create_test_events)
