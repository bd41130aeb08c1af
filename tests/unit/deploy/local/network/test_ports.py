"""A port stays claimed, even while no process listens on it."""

import platform
import random
import socket

import pytest

from deploy.local.errors import OtherSystem, PortInUse
from deploy.local.network.ports import LOCALHOST, Ports, is_free


def test_two_claims_never_give_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Ports(), Ports()
    try:
        taken = first.claim_any()
        offers = iter([taken, taken, taken + 1, taken + 2, taken + 3])
        monkeypatch.setattr(random, "randrange", lambda *_: next(offers))
        assert second.claim_any() > taken
    finally:
        first.close()
        second.close()


def test_a_claimed_port_lies_outside_the_range_of_outgoing_connections() -> None:
    ports = Ports()
    try:
        with socket.create_server((LOCALHOST, 0)) as server:
            given_by_the_kernel = server.getsockname()[1]
        assert all(ports.claim_any() < given_by_the_kernel for _ in range(50))
    finally:
        ports.close()


def test_a_port_in_use_is_named_with_what_needs_it_and_the_remedy() -> None:
    ports = Ports()
    try:
        with socket.create_server((LOCALHOST, 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(PortInUse, match=f"port {port} is in use, and the service needs it; end it"):
                ports.claim(port, wanted_by="the service", remedy="end it")
    finally:
        ports.close()


def test_a_port_is_given_back_at_the_end() -> None:
    first, second = Ports(), Ports()
    port = first.claim_any()
    first.close()
    assert is_free(port)
    assert second.claim(port, wanted_by="the next", remedy="") == port
    second.close()


def test_consecutive_ports_are_all_claimed() -> None:
    mine, others = Ports(), Ports()
    try:
        first = mine.claim_row(3)
        for port in range(first, first + 3):
            with pytest.raises(PortInUse):
                others.claim(port, wanted_by="a test", remedy="none")
    finally:
        mine.close()
        others.close()


def test_on_another_system_no_port_is_claimed_and_one_line_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(OtherSystem) as caught:
        Ports()
    assert str(caught.value) == (
        "regions on this machine need Linux, and this is Darwin; use Docker Compose: docs/tour.md"
    )
