import pytest

from runtime.hosts import UNNAMED, shown_host
from runtime.refusals import Refused
from tests.unit.runtime.spoken import spoken


@pytest.mark.parametrize(
    "host",
    [
        b"example.com",
        b"example.com:8080",
        b"EXAMPLE.com:",
        b"127.0.0.1:1",
        b"[2001:db8::1]",
        b"[::ffff:10.0.0.1]:65535",
        b"a_b:80",
        b"a:" + b"0" * 5_000 + b"80",
        b"%41!$&'()*+,;=~",
    ],
)
def test_a_host_that_names_a_place_reaches_the_application_unchanged(host: bytes) -> None:
    assert shown_host([host], is_required=True) == host


@pytest.mark.parametrize(
    "host", [b"", b":80", b"localhost:99999999", b"example.com:65536", b"[v1.x:y]", b"a:" + b"9" * 5_000]
)
def test_a_valid_host_that_names_no_place_is_served_as_localhost(host: bytes) -> None:
    assert shown_host([host], is_required=True) == UNNAMED


@pytest.mark.parametrize(
    "host",
    [
        b"a:b:c",
        b"::1",
        b"[::1",
        b"[1]",
        b"[::1]a",
        b"[fe80::1%25eth0]",
        b"a:b",
        b"a:-1",
        b"a b",
        b"a/b",
        b"a@b",
        b"a?b",
        b"a%4",
        b"a,b:\xc2\xb2",
        b"\xff",
        b"http://a",
    ],
)
@pytest.mark.parametrize("is_required", [True, False])
def test_an_invalid_host_is_refused(host: bytes, *, is_required: bool) -> None:
    with pytest.raises(Refused, match=r"^header Host: expected a host such as example.com:8080"):
        shown_host([host], is_required=is_required)


@pytest.mark.parametrize(
    ("version", "lines", "status"),
    [
        (b"1.1", b"Host: here\r\n", 204),
        (b"1.1", b"Host:\r\n", 204),
        (b"1.1", b"", 400),
        (b"1.1", b"Host: here\r\nHost: here\r\n", 400),
        (b"1.1", b"Host: a:b:c\r\n", 400),
        (b"1.0", b"", 204),
        (b"1.0", b"Host: here\r\nhost:\r\n", 400),
        (b"1.0", b"Host: ::1\r\n", 400),
    ],
)
async def test_a_request_has_one_host_and_only_http_1_0_allows_none(version: bytes, lines: bytes, status: int) -> None:
    conversation = await spoken([b"GET / HTTP/" + version + b"\r\n" + lines + b"\r\n"])
    assert conversation.statuses == [status]
    assert all(len([name for name, _ in asked.headers if name == b"host"]) == 1 for asked in conversation.asked)
