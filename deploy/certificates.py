"""The certificates of the regions, and the deployment's own authority, which signs them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.positions import Region

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
RENEWED_DAYS_BEFORE = 90
"""A start within these last days of a certificate makes a new one."""

_SKEW = timedelta(hours=1)
"""A new certificate is valid for clocks that are up to this far behind."""


class Use(Enum):
    """The use of a certificate: as a server, as a client or, among several servers, as both."""

    SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
    CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    PEER = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


class Identity(msgspec.Struct, frozen=True):
    """A certificate and its key, as PEM."""

    certificate: str
    key: str


class Authority:
    """The authority that every region trusts."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
        self._key = _key_in(identity)

    def issue(self, region: Region, role: str, *, use: Use, now: datetime, hosts: Sequence[str] = ()) -> Identity:
        """A new key, and a certificate for `use` that names `region` and `hosts` and is valid from `now` on."""
        names = [x509.DNSName(name) for name in (region, *hosts)]
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _begun(f"{region} {role}", key, issuer=self._certificate.subject, now=now, days=CERTIFICATE_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(use.value), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _identity(certificate, key)

    def vouches_for(
        self,
        identity: Identity,
        region: Region,
        *,
        use: Use,
        now: datetime,
        hosts: Sequence[str] = (),
        since: datetime | None = None,
    ) -> bool:
        """Whether `identity` is as `issue` would make it, was not issued before `since`, and does not expire soon."""
        try:
            certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
            certificate.verify_directly_issued_by(self._certificate)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            is_its_key = _key_in(identity).public_key() == certificate.public_key()
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        left = certificate.not_valid_after_utc - now
        return (
            is_its_key
            and names.get_values_for_type(x509.DNSName) == [region, *hosts]
            and tuple(uses) == use.value
            and left > timedelta(days=RENEWED_DAYS_BEFORE)
            and (since is None or certificate.not_valid_before_utc + _SKEW >= since.replace(microsecond=0))
        )


def expiry_of(certificate: str) -> datetime:
    """When a certificate expires."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def new_authority(*, now: datetime) -> Authority:
    """A new authority, whose key exists only here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = "crosshook authority"
    certificate = (
        _begun(name, key, issuer=_name(name), now=now, days=AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(_identity(certificate, key))


def _begun(
    name: str, key: ec.EllipticCurvePrivateKey, *, issuer: x509.Name, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _identity(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Identity:
    return Identity(
        certificate=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def _key_in(identity: Identity) -> ec.EllipticCurvePrivateKey:
    """Raises `ValueError` for another kind of key."""
    key = serialization.load_pem_private_key(identity.key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key of an elliptic curve")  # noqa: TRY004 - what the loader raises for any other fault
    return key
