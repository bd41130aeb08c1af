"""A password in an address is never shown, however malformed the address is."""

import pytest

from core.redaction import without_login


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("nats://svc:S3CRET@h:4222", "nats://***@h:4222"),
        ("nats:/svc:S3CRET@h:4222", "***@h:4222"),
        ("svc:S3CRET@h:4222", "***@h:4222"),
        ("https://svc:S3@CRET/@h/v1", "https://***@h/v1"),
        ("nats://svc:S3\nCRET@h:4222", "nats://***@h:4222"),
        ("svc://S3CRET@h", "svc://***@h"),
        ("nats://h:4222", "nats://h:4222"),
        ("", ""),
    ],
)
def test_everything_before_the_last_at_is_hidden(address: str, shown: str) -> None:
    assert without_login(address) == shown
