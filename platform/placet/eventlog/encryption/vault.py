"""Vault: keys per subject, outside the log's database. Destroying a key makes that subject's fields unreadable.

One file per subject: a data key wrapped by the install's vault key. A large site can put a KMS behind the same calls.

Encrypting holds a shared lock on the subject, destroying an exclusive one: nothing is encrypted after a key is gone. A
key that was read is valid for `LEASE_SECONDS` and then dropped from memory. Destroying waits that long, and so needs no
acknowledgement from processes that are dead, paused or starting.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from placet.eventlog.encryption.key_cache import LEASE_SECONDS, KeyCache
from placet.kernel.files import atomic_write, sync, write_once
from placet.kernel.refusal import Refusal

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
TOMBSTONE: Final = b"erased"


class SubjectErased(Refusal):
    """The subject's key was destroyed. Nothing was written."""

    code = "subject_erased"
    hint = "This person requested erasure, so nothing can be written for them. Join again under a new account."
    status = 410


class VaultUnreadable(RuntimeError):
    """The vault key or a subject's key file does not match: restore `var/keys` and `var/vault` of this install."""


class Vault(Protocol):
    """Encrypts bytes for a subject. `decrypt` returns None if the subject was erased."""

    def encrypt(self, subject: str, clear: bytes, bound_to: bytes) -> bytes: ...
    def decrypt(self, subject: str, ciphertext: bytes, bound_to: bytes) -> bytes | None: ...
    def destroy(self, subject: str) -> None: ...
    def is_erased(self, subject: str) -> bool: ...


class FileVault:
    """`folder/<subject>` holds the subject's data key, wrapped with `master` (32 bytes)."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self.folder = folder
        self._wrap = AESGCM(master)
        self._keys: KeyCache[AESGCM] = KeyCache()

    def encrypt(self, subject: str, clear: bytes, bound_to: bytes) -> bytes:
        """Nonce and ciphertext. Raises `SubjectErased`."""
        with self._locked(subject, fcntl.LOCK_SH):
            if self.is_erased(subject):
                raise SubjectErased
            key = self._key(subject) or self._create(subject)
            nonce = secrets.token_bytes(NONCE_BYTES)
            return nonce + key.encrypt(nonce, clear, bound_to)

    def decrypt(self, subject: str, ciphertext: bytes, bound_to: bytes) -> bytes | None:
        """The clear bytes, or None if the subject's key was destroyed."""
        try:
            key = self._key(subject)
        except SubjectErased:
            return None
        if key is None:
            raise VaultUnreadable(f"no key for subject {subject} in {self.folder}")
        return _decrypted(key, ciphertext, bound_to, subject)

    def destroy(self, subject: str) -> None:
        """Replace the subject's key by a tombstone. Returns when no process can hold the key any more.

        Idempotent: call it again after a crash.
        """
        path = self._file(subject)
        with self._locked(subject, fcntl.LOCK_EX):
            if not self.is_erased(subject):
                _write_tombstone(path)
            for partial in self.folder.glob(f".new-{path.name}-*"):
                partial.unlink(missing_ok=True)  # left by a killed process: it holds the same key
            sync(self.folder)
        self._keys.drop(subject)
        time.sleep(LEASE_SECONDS)

    def is_erased(self, subject: str) -> bool:
        """Whether the key is a tombstone. A wrapped key is always longer than one."""
        try:
            return self._file(subject).stat().st_size == len(TOMBSTONE)
        except FileNotFoundError:
            return False

    def forget_cached(self) -> None:
        """Drop the keys that this process has in memory."""
        self._keys.clear()

    @contextmanager
    def _locked(self, subject: str, how: int) -> Iterator[None]:
        """Lock across processes. The kernel releases the lock when its holder dies."""
        folder = self.folder / "locks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / self._file(subject).name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def _file(self, subject: str) -> Path:
        return self.folder / str(UUID(subject))

    def _key(self, subject: str) -> AESGCM | None:
        if (cached := self._keys.get(subject)) is not None:
            return cached
        read_at = time.monotonic()  # before the file is read: the lease counts from here
        try:
            stored = self._file(subject).read_bytes()
        except FileNotFoundError:
            return None
        if stored == TOMBSTONE:
            raise SubjectErased
        key = AESGCM(_decrypted(self._wrap, stored, subject.encode(), subject))
        self._keys.keep(subject, key, read_at)
        return key

    def _create(self, subject: str) -> AESGCM:
        nonce, key = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(KEY_BYTES)
        wrapped = nonce + self._wrap.encrypt(nonce, key, subject.encode())
        write_once(self._file(subject), wrapped)
        created = self._key(subject)
        if created is None:
            raise VaultUnreadable(f"the key of subject {subject} vanished while it was created")
        return created


def _decrypted(key: AESGCM, ciphertext: bytes, bound_to: bytes, subject: str) -> bytes:
    try:
        return key.decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise VaultUnreadable(f"an encrypted field of subject {subject} cannot be decrypted with its key") from None


def _write_tombstone(path: Path) -> None:
    """The tombstone first, durably; then random bytes over the old key, as far as the disk obeys."""
    old = os.open(path, os.O_WRONLY | os.O_CLOEXEC) if path.exists() else None
    atomic_write(path, TOMBSTONE)
    if old is None:
        return
    with os.fdopen(old, "wb") as file:
        file.write(secrets.token_bytes(os.fstat(old).st_size))
        file.flush()
        os.fsync(old)


@cache
def install_vault(home: Path | None = None) -> FileVault:
    """The vault of this install: keys in `PLACET_DATA_DIR/vault`, wrapped by `PLACET_DATA_DIR/keys/vault.key`."""
    home = home or Path(settings.PLACET_DATA_DIR)
    key = home / "keys" / "vault.key"
    try:
        master = key.read_bytes()
    except FileNotFoundError:
        raise VaultUnreadable(f"{key} is missing. Run `make setup` to create this install's keys.") from None
    return FileVault(home / "vault", master)
