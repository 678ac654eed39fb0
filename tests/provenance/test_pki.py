from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance.pki.certificates import CLAIM_SIGNING
from provenance.pki.install_pki import ANCHORS, SIGNER, key_age, make_install_pki

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def leaf_of(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{SIGNER}.pem").read_bytes())


def test_making_the_keys_again_changes_nothing(tmp_path: Path) -> None:
    make_install_pki(tmp_path, NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_install_pki(tmp_path, NOW + timedelta(days=300))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_only_the_owner_may_read_a_key(tmp_path: Path) -> None:
    make_install_pki(tmp_path, NOW)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}
    assert b"PRIVATE" not in (tmp_path / ANCHORS).read_bytes()


def test_the_signer_keeps_to_the_profile(tmp_path: Path) -> None:
    make_install_pki(tmp_path, NOW)
    leaf = leaf_of(tmp_path)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    purposes = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    names = {attribute.oid for attribute in leaf.subject}
    assert names == {NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME}
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert purposes == {CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION}
    assert {x509.AuthorityKeyIdentifier, x509.SubjectKeyIdentifier} <= {type(one.value) for one in leaf.extensions}
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)


def test_an_expiring_signer_is_renewed_under_the_same_anchors(tmp_path: Path) -> None:
    make_install_pki(tmp_path, NOW)
    anchors, leaf = (tmp_path / ANCHORS).read_bytes(), leaf_of(tmp_path)
    later = NOW + timedelta(days=340)
    assert key_age(tmp_path, later).days_left < 30
    make_install_pki(tmp_path, later)
    assert key_age(tmp_path, later).days_old == 0
    assert leaf_of(tmp_path).serial_number != leaf.serial_number
    assert (tmp_path / ANCHORS).read_bytes() == anchors
