"""The reserved operations: they belong to calling webhooks, which the service does not do yet."""

from service.openapi.kinds import Operation, reserved
from service.openapi.responses import refused
from service.routes.reserved import NO_KEYS_YET, NO_TESTS_YET, create_test_events, read_verification_keys

TAG = "Reserved"

RESERVED: tuple[Operation, ...] = (
    reserved(
        read_verification_keys,
        tag=TAG,
        responses={501: refused(501, "There are no such keys yet.", NO_KEYS_YET)},
        needs_key=False,
    ),
    reserved(
        create_test_events,
        tag=TAG,
        responses={501: refused(501, "No webhook is called yet.", NO_TESTS_YET)},
        needs_key=True,
    ),
)
