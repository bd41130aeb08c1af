"""A certificate is valid for its holder's use and names."""

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from core.positions import Region
from deploy.certificates import Authority, Identity, Use, new_authority

HERE = Region("us-iowa")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def names_and_uses(identity: Identity) -> tuple[list[str], list[x509.ObjectIdentifier]]:
    extensions = x509.load_pem_x509_certificate(identity.certificate.encode()).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return names.get_values_for_type(x509.DNSName), list(uses)


def issued(authority: Authority, use: Use, *hosts: str) -> Identity:
    return authority.issue(HERE, "nats", use=use, now=NOW, hosts=hosts)


def test_a_certificate_is_for_a_server_or_for_a_client_and_names_the_region() -> None:
    authority = new_authority(now=NOW)
    assert names_and_uses(issued(authority, Use.SERVER)) == ([HERE], [SERVER])
    assert names_and_uses(issued(authority, Use.CLIENT)) == ([HERE], [CLIENT])


def test_servers_that_connect_to_each_other_have_a_certificate_for_both_with_their_names() -> None:
    shown = issued(new_authority(now=NOW), Use.PEER, "nats-0.nats", "nats-1.nats")
    assert names_and_uses(shown) == ([HERE, "nats-0.nats", "nats-1.nats"], [SERVER, CLIENT])


def test_a_certificate_with_other_host_names_than_required_is_not_accepted() -> None:
    authority = new_authority(now=NOW)
    shown = issued(authority, Use.PEER, "nats-1")
    wanted = {
        hosts: authority.vouches_for(shown, HERE, use=Use.PEER, now=NOW, hosts=hosts)
        for hosts in ((), ("nats-1",), ("nats-2",), ("nats-1", "nats-2"))
    }
    assert [hosts for hosts, is_taken in wanted.items() if is_taken] == [("nats-1",)]


def test_a_certificate_for_both_uses_is_not_accepted_for_one_of_them() -> None:
    authority = new_authority(now=NOW)
    peer = issued(authority, Use.PEER)
    assert [use for use in Use if authority.vouches_for(peer, HERE, use=use, now=NOW)] == [Use.PEER]


@pytest.mark.parametrize(("server_use", "client_use"), [(Use.SERVER, Use.CLIENT), (Use.PEER, Use.PEER)])
def test_both_ends_pass_the_strict_checks_that_python_makes_from_3_13_on(
    tmp_path: Path, server_use: Use, client_use: Use
) -> None:
    authority = new_authority(now=datetime.now(UTC))
    server, client = (
        strict(tmp_path, authority.issue(HERE, "nats", use=use, now=datetime.now(UTC)), authority, purpose)
        for use, purpose in ((server_use, ssl.Purpose.CLIENT_AUTH), (client_use, ssl.Purpose.SERVER_AUTH))
    )
    assert shaken_hands(server, client, server_hostname=HERE)


def strict(directory: Path, shown: Identity, authority: Authority, purpose: ssl.Purpose) -> ssl.SSLContext:
    """One end that shows `shown`, trusts `authority`, and checks as RFC 5280 requires."""
    context = ssl.create_default_context(purpose, cadata=authority.identity.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    (directory / "shown.pem").write_text(shown.certificate + shown.key)
    context.load_cert_chain(directory / "shown.pem")
    return context


def shaken_hands(server: ssl.SSLContext, client: ssl.SSLContext, *, server_hostname: str) -> bool:
    """Whether each end has received the other's certificate. Raises `ssl.SSLError` if one end refuses it."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(down, up, server_hostname=server_hostname),
        server.wrap_bio(up, down, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return all(end.getpeercert() for end in ends)
