"""Certificates made here: who they name, what they may be used for, and how long."""

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from farpoint.keys.certificates import REGION_URI, KeyAndCertificate, issue_certificate, make_authority

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
REGION = "2f4a7c3e-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def authority() -> KeyAndCertificate:
    return make_authority("Farpoint test CA", NOW)


def issued(authority: KeyAndCertificate, *, region: str | None = REGION) -> x509.Certificate:
    made = issue_certificate(authority, name="eastus", hosts=["localhost", "127.0.0.1", "::1"], region_id=region, now=NOW)
    return x509.load_pem_x509_certificate(made.certificate)


def test_an_authority_signs_certificates_and_no_further_authorities(authority: KeyAndCertificate) -> None:
    certificate = x509.load_pem_x509_certificate(authority.certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    certificate.verify_directly_issued_by(certificate)


def test_a_region_s_certificate_names_its_hosts_and_its_id(authority: KeyAndCertificate) -> None:
    names = issued(authority).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [REGION_URI + REGION]


def test_a_certificate_for_clients_names_no_region(authority: KeyAndCertificate) -> None:
    names = issued(authority, region=None).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == []


def test_a_certificate_serves_both_ends_of_a_connection_and_is_no_authority(authority: KeyAndCertificate) -> None:
    extensions = issued(authority).extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_certificate_is_signed_by_its_authority_alone(authority: KeyAndCertificate) -> None:
    certificate = issued(authority)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate))
    other = x509.load_pem_x509_certificate(make_authority("Farpoint test CA", NOW).certificate)
    with pytest.raises(InvalidSignature):
        certificate.verify_directly_issued_by(other)


def test_certificates_are_valid_a_little_before_now_and_for_two_years(authority: KeyAndCertificate) -> None:
    certificate = issued(authority)
    assert certificate.not_valid_before_utc < NOW
    assert dt.timedelta(days=730) < certificate.not_valid_after_utc - NOW < dt.timedelta(days=826)


def test_no_two_certificates_share_key_or_number(authority: KeyAndCertificate) -> None:
    first, second = issued(authority), issued(authority)
    assert first.serial_number != second.serial_number
    assert first.public_key() != second.public_key()


def test_a_key_is_not_shown(authority: KeyAndCertificate) -> None:
    assert "PRIVATE KEY" not in repr(authority)


def test_only_an_authority_of_our_kind_issues(authority: KeyAndCertificate) -> None:
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(TypeError):
        issue_certificate(
            KeyAndCertificate(key=key, certificate=authority.certificate), name="x", hosts=["localhost"], region_id=None, now=NOW
        )


def test_keys_are_on_the_curve_that_every_client_knows(authority: KeyAndCertificate) -> None:
    key = issued(authority).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
