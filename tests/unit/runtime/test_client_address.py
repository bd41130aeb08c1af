import pytest

from runtime.address_limit import AddressLimit
from runtime.client_address import address_of

PEER = ("192.0.2.7", 4000)


def named(*values: str, proxies: int, peer: tuple[str, int] | None = PEER) -> str:
    headers = [(b"host", b"here"), *((b"x-forwarded-for", value.encode("latin-1")) for value in values)]
    return address_of(peer, headers, trusted_proxies=proxies)


def test_without_trusted_proxies_the_header_is_not_believed() -> None:
    assert named("198.51.100.1", proxies=0) == "192.0.2.7"


@pytest.mark.parametrize(
    ("values", "proxies", "address"),
    [
        (["198.51.100.1"], 1, "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1"], 1, "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1"], 2, "203.0.113.9"),
        (["203.0.113.9", "198.51.100.1 , 198.51.100.2"], 2, "198.51.100.1"),
        (["198.51.100.1:4711"], 1, "198.51.100.1"),
        (["[2001:db8::1]:4711"], 1, "2001:db8::/64"),
        (["2001:db8:0:0:9::1"], 1, "2001:db8::/64"),
        (["::ffff:198.51.100.1"], 1, "198.51.100.1"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_is_the_client(values: list[str], proxies: int, address: str) -> None:
    assert named(*values, proxies=proxies) == address


@pytest.mark.parametrize("values", [[], [""], ["198.51.100.1"], ["unknown, 10.0.0.1"], ["\xff, 10.0.0.1"]])
def test_a_request_that_did_not_pass_every_proxy_counts_for_its_connection(values: list[str]) -> None:
    assert named(*values, proxies=2) == "192.0.2.7"


def test_a_connection_without_an_address_has_none() -> None:
    assert named(proxies=0, peer=None) == ""


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    addresses = {named(proxies=0, peer=(f"2001:db8::{number}", 1)) for number in range(3)}
    assert addresses == {"2001:db8::/64"}
    assert named(proxies=0, peer=("2001:db8:0:1::1", 1)) != "2001:db8::/64"


def test_an_address_has_its_places_until_it_leaves() -> None:
    limit = AddressLimit(2)
    assert [limit.enter("a") for _ in range(3)] == [-1, 0, 1]
    assert limit.enter("b") == -1
    limit.leave("a")
    limit.leave("a")
    assert limit.enter("a") == 0
