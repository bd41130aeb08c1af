"""An address of a Redis that would fail later is refused at once, with the reason."""

import pytest

from adapters.redis_address import refusal_of


@pytest.mark.parametrize(
    "address",
    [
        "redis://localhost",
        "redis://me:secret@localhost:6379/3?socket_timeout=0.5&socket_keepalive=no",
        "rediss://localhost:6380?ssl_cert_reqs=none&ssl_check_hostname=false&health_check_interval=5",
        "unix:///run/redis.sock?db=2",
    ],
)
def test_options_that_redis_py_accepts_are_accepted(address: str) -> None:
    assert refusal_of(address) == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("redis://localhost?colour=red", "unknown option 'colour'; redis:// has db, socket_keepalive, socket_timeout"),
        ("redis://localhost?colour", "unknown option 'colour'; redis:// has db, "),
        ("redis://localhost?ssl_cert_reqs=none", "unknown option 'ssl_cert_reqs'; redis:// has db, "),
        ("rediss://localhost?protocol=3", "unknown option 'protocol'; rediss:// has db, "),
        ("unix:///run/redis.sock?retry=1", "unknown option 'retry'; unix:// has db, "),
        ("redis://localhost?socket_timeout=soon", "Invalid value for 'socket_timeout'"),
        ("redis://localhost?socket_timeout=0", "socket_timeout: expected a number of seconds above 0"),
        ("redis://localhost?socket_connect_timeout=nan", "socket_connect_timeout: expected a number of seconds above"),
        ("redis://localhost?db=first", "Invalid value for 'db'"),
        ("rediss://localhost?ssl_cert_reqs=perhaps", "Invalid SSL Certificate Requirements Flag: perhaps"),
        ("rediss://localhost?ssl_ca_certs=/nowhere.pem", "No such file or directory"),
        ("rediss://localhost?ssl_ciphers=none", "No cipher can be selected"),
    ],
)
def test_the_refusal_of_an_option_names_it(address: str, why: str) -> None:
    assert why in refusal_of(address)


def test_a_refusal_repeats_no_password() -> None:
    assert "secret" not in refusal_of("rediss://me:secret@localhost?ssl_password=secret&ssl_certfile=/nowhere.pem")
    assert "secret" not in refusal_of("redis://me:secret@localhost?password=secret")
