"""Keys per subject, outside the log's database: destroying one makes all that was sealed for that subject unreadable.

One file per subject (a data key wrapped by the install's vault key). A big site puts a KMS behind the same three calls.

Sealing holds a shared lock on the subject, destroying an exclusive one, so that nothing is sealed once a key is gone. A
key that was read serves for `LEASE_SECONDS` and is then dropped from memory; destroying waits that long, and so needs
no word from processes that are dead, paused or on their way.
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
from placet.kernel.files import atomic_write, sync_folder, write_once
from placet.kernel.refusal import Refusal

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
TOMBSTONE: Final = b"erased"


class SubjectErased(Refusal):
    """Sealing for a subject whose key was destroyed. Nothing was written."""

    code = "subject_erased"
    hint = "Nothing can be written for this person again: they asked to be forgotten. Join anew as somebody else."
    status = 410


class VaultUnreadable(RuntimeError):
    """The vault key or a subject's key file does not fit: restore `var/keys` and `var/vault` of this install."""


class Vault(Protocol):
    """Seals bytes for a subject. `open` answers None when the subject was erased."""

    def encrypt(self, subject: str, clear: bytes, bound_to: bytes) -> bytes: ...
    def decrypt(self, subject: str, sealed: bytes, bound_to: bytes) -> bytes | None: ...
    def destroy(self, subject: str) -> None: ...
    def is_erased(self, subject: str) -> bool: ...


class FileVault:
    """`folder/<subject>` holds that subject's data key, wrapped with `master` (32 bytes)."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self.folder = folder
        self._wrap = AESGCM(master)
        self._keys: KeyCache[AESGCM] = KeyCache()

    def encrypt(self, subject: str, clear: bytes, bound_to: bytes) -> bytes:
        """Nonce and ciphertext. Raises `SubjectErased`."""
        with self._locked(subject, fcntl.LOCK_SH):
            if self.is_erased(subject):
                raise SubjectErased
            key = self._key(subject) or self._make(subject)
            nonce = secrets.token_bytes(NONCE_BYTES)
            return nonce + key.encrypt(nonce, clear, bound_to)

    def decrypt(self, subject: str, sealed: bytes, bound_to: bytes) -> bytes | None:
        """The clear bytes, or None when the subject's key was destroyed."""
        try:
            key = self._key(subject)
        except SubjectErased:
            return None
        if key is None:
            raise VaultUnreadable(f"no key for subject {subject} in {self.folder}")
        return _decrypted(key, sealed, bound_to, subject)

    def destroy(self, subject: str) -> None:
        """Put a tombstone in the place of the subject's key. Returns once no process can hold the key any more.

        Done again, it does the same again: whoever died in the middle begins anew.
        """
        place = self._file(subject)
        with self._locked(subject, fcntl.LOCK_EX):
            if not self.is_erased(subject):
                _bury(place)
            for half in self.folder.glob(f".new-{place.name}-*"):
                half.unlink(missing_ok=True)  # of a maker that was killed: it holds the same key
            sync_folder(self.folder)
        self._keys.drop(subject)
        time.sleep(LEASE_SECONDS)

    def is_erased(self, subject: str) -> bool:
        """Whether a tombstone stands in the place of the key. A wrapped key is always longer than one."""
        try:
            return self._file(subject).stat().st_size == len(TOMBSTONE)
        except FileNotFoundError:
            return False

    def forget_cached(self) -> None:
        """Drop the keys that this process holds in memory."""
        self._keys.clear()

    @contextmanager
    def _locked(self, subject: str, how: int) -> Iterator[None]:
        """Across processes. The kernel lets go of a lock when its holder dies."""
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
        if (held := self._keys.get(subject)) is not None:
            return held
        asked_at = time.monotonic()  # before the file is read: the lease counts from here
        try:
            stored = self._file(subject).read_bytes()
        except FileNotFoundError:
            return None
        if stored == TOMBSTONE:
            raise SubjectErased
        key = AESGCM(_decrypted(self._wrap, stored, subject.encode(), subject))
        self._keys.keep(subject, key, asked_at)
        return key

    def _make(self, subject: str) -> AESGCM:
        nonce, key = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(KEY_BYTES)
        wrapped = nonce + self._wrap.encrypt(nonce, key, subject.encode())
        write_once(self._file(subject), wrapped)
        made = self._key(subject)
        if made is None:
            raise VaultUnreadable(f"the key of subject {subject} vanished while it was made")
        return made


def _decrypted(key: AESGCM, sealed: bytes, bound_to: bytes, subject: str) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise VaultUnreadable(f"a sealed part of subject {subject} does not open with its key") from None


def _bury(place: Path) -> None:
    """The tombstone first, durably; then random bytes over the key that lay there, as far as the disk obeys."""
    old = os.open(place, os.O_WRONLY | os.O_CLOEXEC) if place.exists() else None
    atomic_write(place, TOMBSTONE)
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
        raise VaultUnreadable(f"{key} is missing. Run `make setup` to make this install's keys.") from None
    return FileVault(home / "vault", master)
