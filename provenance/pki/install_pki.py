"""Test PKI of one install: a root, an issuing authority and a claim signer, all on P-256.

They prove that a clip comes from this install to those who have its `anchors.pem`. Nobody else trusts them: a public
site puts its issued certificate and key into the same two files (`c2pa-signer.pem`, `.key`).
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from placet.kernel.files import atomic_write
from provenance.pki.certificates import authority, signer

SIGNER: Final = "c2pa-signer"
ANCHORS: Final = "anchors.pem"

_ROOT: Final = "c2pa-root"
_ISSUING: Final = "c2pa-issuing"
_RENEW_DAYS: Final = 30


@dataclass(frozen=True)
class KeyAge:
    """The signing certificate's age and remaining life in whole days, and the moment it expires."""

    days_old: int
    days_left: int
    expires_at: datetime


def make_install_pki(folder: Path, now: datetime | None = None) -> Path:
    """Creates what is missing in `folder`, renews a signer with less than 30 days left, and returns `anchors.pem`.

    Idempotent otherwise; two processes at once create one set. Keys are readable by their owner only.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = now or datetime.now(UTC)
    with _one_at_a_time(folder):
        if not (folder / ANCHORS).exists():
            _make_authorities(folder, moment)
        if not (folder / f"{SIGNER}.pem").exists() or key_age(folder, moment).days_left < _RENEW_DAYS:
            _make_signer(folder, moment)
    return folder / ANCHORS


def load_signer(folder: Path) -> c2pa.Signer:
    """A signer for this process only: it does not survive a fork. Raises `FileNotFoundError` if there is none yet."""
    chain, key = (folder / f"{SIGNER}.pem").read_bytes(), (folder / f"{SIGNER}.key").read_bytes()
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))


def key_age(folder: Path, now: datetime | None = None) -> KeyAge:
    """Age and expiry of the signing certificate. Raises `FileNotFoundError` if there is none."""
    moment = now or datetime.now(UTC)
    leaf = x509.load_pem_x509_certificate((folder / f"{SIGNER}.pem").read_bytes())
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return KeyAge((moment - begin).days, (end - moment).days, end)


def _make_authorities(folder: Path, now: datetime) -> None:
    root, issuing = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    top = authority("Placet install root", root, now, issuer=None, path_length=1).sign(root, hashes.SHA256())
    below = authority("Placet install issuing", issuing, now, issuer=top, path_length=0).sign(root, hashes.SHA256())
    _keep_key(folder / f"{_ROOT}.key", root)
    _keep_key(folder / f"{_ISSUING}.key", issuing)
    atomic_write(folder / f"{_ISSUING}.pem", _pem(below), mode=0o644)
    atomic_write(folder / ANCHORS, _pem(top), mode=0o644)


def _make_signer(folder: Path, now: datetime) -> None:
    issuing_key = serialization.load_pem_private_key((folder / f"{_ISSUING}.key").read_bytes(), None)
    if not isinstance(issuing_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{_ISSUING}.key is no elliptic curve key: restore it from the backup.")
    issuing = (folder / f"{_ISSUING}.pem").read_bytes()
    leaf = ec.generate_private_key(ec.SECP256R1())
    certificate = signer(leaf, now, x509.load_pem_x509_certificate(issuing)).sign(issuing_key, hashes.SHA256())
    _keep_key(folder / f"{SIGNER}.key", leaf)
    atomic_write(folder / f"{SIGNER}.pem", _pem(certificate) + issuing, mode=0o644)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _keep_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    atomic_write(path, key.private_bytes(encoding, form, serialization.NoEncryption()))


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with (folder / ".c2pa.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
