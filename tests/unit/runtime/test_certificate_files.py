"""A certificate's name and expiry are read as `cryptography` reads them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from core.certificates import Certificate
from core.positions import Region
from deploy.certificates import CERTIFICATE_DAYS, Use, new_authority
from runtime.certificate_files import certificates_in

NOW = datetime(2026, 5, 17, 12, 30, 45, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(subject: list[x509.NameAttribute[str]], *, ends: datetime) -> str:
    name = x509.Name(subject)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(2**159 - 1).not_valid_before(NOW).not_valid_after(ends)
    return made.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_the_certificates_of_a_deployment_are_read() -> None:
    authority = new_authority(now=NOW)
    issued = authority.issue(Region("us-iowa"), "service", use=Use.CLIENT, now=NOW)
    ends = int((NOW + timedelta(days=CERTIFICATE_DAYS)).timestamp())
    assert certificates_in(issued.certificate) == [Certificate("us-iowa service", ends)]


def test_a_bundle_has_all_of_its_certificates_in_order() -> None:
    names = ["first", "second"]
    bundle = "".join(
        "a comment\n" + certificate([x509.NameAttribute(NameOID.COMMON_NAME, name)], ends=NOW + timedelta(days=1))
        for name in names
    )
    assert [one.name for one in certificates_in(bundle)] == names


@pytest.mark.parametrize("year", [2049, 2050, 2051, 9999])
def test_a_year_with_two_digits_and_one_with_four_are_read(year: int) -> None:
    ends = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    subject = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Käse " * 10),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x"),
    ]
    assert certificates_in(certificate(subject, ends=ends)) == [Certificate("Käse " * 10, int(ends.timestamp()))]


def test_a_subject_without_a_common_name_has_none() -> None:
    (found,) = certificates_in(certificate([], ends=NOW + timedelta(days=1)))
    assert found.name == ""


@pytest.mark.parametrize("body", ["MAA=", "MIIB", "AAAA", ""])
def test_what_is_no_certificate_is_refused(body: str) -> None:
    text = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    with pytest.raises(ValueError, match=r".+"):
        certificates_in(text)
