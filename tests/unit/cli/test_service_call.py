"""A call soon ends with a complete response or with the reason for none, and follows no redirection."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from cli.service_call import (
    RESPONSE_BYTES_MAX,
    InvalidUrl,
    NotAnswered,
    NotConnected,
    Response,
    call,
    parse_service_url,
)
from tests.unit.cli.scripted_service import Said, scripted


def get(url: str, *, seconds_max: float = 5.0) -> Response:
    return call(
        parse_service_url(url), "GET", "/path", headers={"Authorization": "Bearer secret"}, seconds_max=seconds_max
    )


@contextmanager
def listening(greeting: bytes = b"") -> Iterator[str]:
    """A server that accepts a connection, sends something, and then stays silent until the client leaves."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting)
                while connection.recv(65_536):
                    pass

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_a_response_is_returned_whatever_its_status() -> None:
    with scripted(lambda _: Said(418, b"short and stout")) as service:
        assert get(service.url) == Response(status=418, body=b"short and stout")
    assert service.asked[0][:2] == ("GET", "/path")


def test_the_path_of_a_proxy_comes_first() -> None:
    with scripted(lambda _: Said(200)) as service:
        get(f"{service.url}/behind/a/proxy/")
    assert service.asked[0].path == "/behind/a/proxy/path"


def test_a_redirection_is_not_followed() -> None:
    with scripted(lambda _: Said(200)) as elsewhere:
        with scripted(lambda _: Said(307, headers={"Location": elsewhere.url})) as service:
            assert get(service.url).status == 307
        assert elsewhere.asked == []


def test_silence_ends_in_time() -> None:
    with listening() as url, pytest.raises(NotAnswered, match=r"no response within 0.1 s"):
        get(url, seconds_max=0.1)


def test_bytes_that_are_not_http_are_reported_as_such() -> None:
    with listening(b"INFO {}\r\n") as url, pytest.raises(NotAnswered, match="the response is not HTTP"):
        get(url)


@pytest.mark.parametrize(
    "response", [Said(201, b"xx", length=3), Said(201, b"x" * (RESPONSE_BYTES_MAX + 1))], ids=["breaks off", "too long"]
)
def test_an_incomplete_response_is_an_error(response: Said) -> None:
    whole = "the response is not complete"
    with scripted(lambda _: response) as service, pytest.raises(NotAnswered, match=whole):
        get(service.url)


def test_without_a_listener_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NotConnected, match="Connection refused"):
        get(f"http://127.0.0.1:{port}")


def test_https_to_a_service_without_tls_does_not_connect() -> None:
    with scripted(lambda _: Said(200)) as service, pytest.raises(NotConnected, match="SSL"):
        get(service.url.replace("http", "https"))
    assert service.asked == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("http://10.0.0.7:80/", "http://10.0.0.7"),
        ("HTTPS://Admin.Example.com", "https://admin.example.com"),
        ("https://example.com/crosshook/", "https://example.com/crosshook"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_valid_addresses_are_accepted(text: str, shown: str) -> None:
    assert str(parse_service_url(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "10.0.0.7:8080", "ftp://10.0.0.7", "http://", "http://host:port", "http://host:65536", "http://[::1",
        "http://user:password@host", "http://host?query", "http://host#fragment", "http://host/a b\n", "http://höst",
    ],
)  # fmt: skip
def test_an_invalid_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidUrl):
        parse_service_url(text)
