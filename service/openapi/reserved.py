"""The operations that are reserved: they belong to calling webhooks, which the service does not do yet."""

from service.openapi.kinds import Operation, Own, reserved
from service.openapi.responses import refused
from service.routes.reserved import NO_KEYS_YET, NO_TESTS_YET, TEST_EVENTS, VERIFICATION_KEYS

TAG = "Reserved"

RESERVED: tuple[Operation, ...] = (
    reserved(
        "get",
        VERIFICATION_KEYS,
        Own(
            tag=TAG,
            name="read_verification_keys",
            summary="Read the keys that calls are signed with",
            description="Not there yet. It will take the organization's id alone, without an API key.",
            responses={501: refused(501, "There are no such keys yet.", NO_KEYS_YET)},
        ),
        needs_key=False,
    ),
    reserved(
        "post",
        TEST_EVENTS,
        Own(
            tag=TAG,
            name="create_test_events",
            summary="Call webhooks with made-up events",
            description="Not there yet.",
            responses={501: refused(501, "No webhook is called yet.", NO_TESTS_YET)},
        ),
        needs_key=True,
    ),
)
