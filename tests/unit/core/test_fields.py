import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import fields
from core.fields import InvalidField


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/",
        "https://example.com/hooks/a;b=c/%7Eme",
        "https://example.com/-._~!$&'()*+,;=:@/%00%ff//",
        "https://example.com:8443/hooks",
        "https://example.com:1",
        "https://example.com:65535",
        "https://example.com.",
        "https://hooks",
        "https://hooks-1.internal",
        "https://under_score.example.com",
        "https://EXAMPLE.com/Hooks",
        "HTTPS://example.com",
        "https://xn--bcher-kva.example",
        "https://localhost.example.com",
        "https://1.2.3.4.example.com",
        "https://0x7f.example.com",
        "https://1e3.a1",
        "https://face.b00c",
        "https://" + ".".join(["a" * 63] * 3) + ".com",
    ],
)
def test_an_https_url_with_a_host_name_is_kept_as_it_is(url: str) -> None:
    assert fields.target_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "/hooks",
        "http://example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "https:",
        "https://",
        "https:///hooks",
        "https:example.com",
        "https://:8443/",
        # localhost, in each way of writing it
        "https://localhost",
        "https://LocalHost:8443/",
        "https://localhost.",
        "https://hooks.localhost",
        # IPv4 as any URL parser may read it: dotted, short, decimal, octal, hexadecimal, with a last dot
        "https://127.0.0.1",
        "https://127.0.0.1.",
        "https://8.8.8.8:443/hooks",
        "https://127.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://0x7f000001",
        "https://0X7F.0.0.0x1",
        "https://0x",
        "https://example.1",
        "https://256.256.256.256",
        # IPv6, and everything else in brackets
        "https://[::1]",
        "https://[::1]:8443/",
        "https://[::ffff:127.0.0.1]",
        "https://[fe80::1%25eth0]",
        "https://[2001:db8::1",
        "https://[v1.example]/",
        "https://[v1.a]example.com/",
        "https://[example.com]/",
        "https://::1/",
        # users
        "https://user@example.com",
        "https://user:secret@example.com",
        "https://@example.com",
        "https://:@example.com",
        "https://example.com@127.0.0.1",
        # queries and fragments, empty ones too
        "https://example.com?",
        "https://example.com/?",
        "https://example.com/hooks?a=b",
        "https://example.com#",
        "https://example.com/hooks#top",
        # ports
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:-1",
        "https://example.com:http",
        "https://example.com:80:80",
        # hosts that are not names
        "https://.",
        "https://.example.com",
        "https://example..com",
        "https://example.com..",
        "https://-example.com",
        "https://example-.com",
        "https://ex%61mple.com",
        "https://exa*mple.com",
        "https://example.com\\hooks",
        "https://example.com\\@127.0.0.1/",
        "https://" + "a" * 64 + ".com",
        "https://" + ".".join(["a" * 63] * 4) + ".com",
        # invalid paths: characters that are not pchar, and incomplete escapes
        "https://example.com/%",
        "https://example.com/%a",
        "https://example.com/%zz",
        "https://example.com/a%2",
        "https://example.com/%%20",
        *(f"https://example.com/a{character}b" for character in '\\"<>{}|^[]`'),
        # characters that parsers drop, fold or disagree about
        " https://example.com",
        "https://example.com ",
        "https://example.com\n",
        "https://exam\tple.com",
        "https://example.com/a b",
        "https://example.com/\0",
        "https://bücher.example",
        "https://example.com/bücher",
        "https://example。com",
        "https://①②⑦.⓪.⓪.①",
        "https://example.com:٨",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        fields.target_url(url)
    assert refusal.value.field == "target_url"
    assert refusal.value.problem.startswith("expected ")


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address) | st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address))
def test_no_ip_address_is_ever_accepted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    host = f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
    with pytest.raises(InvalidField):
        fields.target_url(f"https://{host}/hooks")


@given(st.text(max_size=60), st.sampled_from(["", "https://", "https://example.com/"]))
def test_any_text_is_a_target_url_or_is_refused(text: str, start: str) -> None:
    try:
        fields.target_url(start + text)
    except InvalidField:
        return
    assert (start + text).lower().startswith("https://")


@pytest.mark.parametrize("text", ["a", " a ", "Ü", "名前", "a" * 10_000])
def test_a_name_is_any_text_that_is_not_blank(text: str) -> None:
    assert fields.name(text) == text


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u2003"])
def test_a_blank_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        fields.name(text)
    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("0s", 0),
        ("-0s", 0),
        ("1ns", 1),
        ("1.5s", 1_500_000_000),
        ("20s", 20_000_000_000),
        ("0.3333333333333333333m", 20_000_000_000),
    ],
)
def test_a_timeout_is_a_duration_from_0_s_to_20_s(text: str, expected: int) -> None:
    assert fields.timeout(text) == expected


@pytest.mark.parametrize("text", ["", "10", "soon", "20.000000001s", "21s", "1h", "-1ns", "-1s", "1s" * 100])
def test_any_other_timeout_is_refused(text: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        fields.timeout(text)
    assert refusal.value.field == "timeout"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Token": ["a"]},
        {"X-Token": []},
        {"X-Token": ["a", "b"], "x_other.~!#$%&'*+^`|": [""]},
        {"X-Text": ["tab\tand space", "Grüße", "\u0080\U0010ffff"]},
        {"Authorization": ["Bearer x"], "Webhook": ["a"], "Proxy": ["b"], "X-Host": ["c"], "Tea": ["d"]},
    ],
)
def test_custom_headers_are_rfc_9110_names_with_lists_of_texts(headers: dict[str, list[str]]) -> None:
    assert fields.custom_headers(headers) == headers


@pytest.mark.parametrize(
    "headers",
    [
        {"": ["a"]},
        {"X Token": ["a"]},
        {"X-Token:": ["a"]},
        {"X-Tokén": ["a"]},
        {"X-Token\n": ["a"]},
        {"X-Token": ["a\r\nX-Other: b"]},
        {"X-Token": ["a\0"]},
        {"X-Token": ["a", "\x7f"]},
        {"X-Token": ["a\n"]},
        {"X-Token": [" a"]},
        {"X-Token": ["a\t"]},
        {"X-Token": [" "]},
    ],
)
def test_a_header_that_could_break_a_request_is_refused(headers: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidField) as refusal:
        fields.custom_headers(headers)
    assert refusal.value.field == "custom_headers"


@pytest.mark.parametrize(
    "name",
    [
        *("Content-Length", "Transfer-Encoding", "Host", "Connection", "Upgrade", "TE", "Trailer", "Expect"),
        *("Keep-Alive", "Proxy-Connection", "proxy-authorization", "webhook-id", "Webhook-Signature", "content-TYPE"),
    ],
)
def test_a_header_that_each_call_sets_itself_or_that_would_break_it_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidField, match=f"^custom_headers: expected names other than .*, got '{name}'$"):
        fields.custom_headers({"X-Fine": ["a"], name: ["b"]})


def test_two_header_names_that_differ_by_case_alone_are_refused_and_both_named() -> None:
    with pytest.raises(InvalidField, match=r"got 'X-Desk' and 'x-desk'$"):
        fields.custom_headers({"X-Desk": ["a"], "X-Other": [], "x-desk": ["b"]})


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({f"X-{number}": ["a"] for number in range(64)}, True),
        ({f"X-{number}": ["a"] for number in range(65)}, False),
        ({"X-Many": ["a"] * 64}, True),
        ({"X-Many": ["a"] * 64, "X-Empty": []}, False),
        ({"X-Long": ["a" * (1_024 - 6)]}, True),
        ({"X-Long": ["a" * (1_024 - 5)]}, False),
        ({"X-Long": ["short", "\u00e9" * 512]}, False),
        ({"X" * 1_025: []}, False),
    ],
)
def test_custom_headers_are_bounded_in_number_and_in_bytes(headers: dict[str, list[str]], *, is_taken: bool) -> None:
    if is_taken:
        assert fields.custom_headers(headers) == headers
        return
    with pytest.raises(InvalidField, match=r"^custom_headers: expected at most (64 headers|1024 bytes)"):
        fields.custom_headers(headers)


def test_a_refusal_names_the_field_first() -> None:
    assert str(InvalidField("name", "expected a text")) == "name: expected a text"
