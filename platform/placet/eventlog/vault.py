"""Keys per subject, outside the log's database: destroying one makes all that was sealed for that subject unreadable.

One file per subject (a data key wrapped by the install's vault key). A big site puts a KMS behind the same three calls.
"""

import os
import secrets
import tempfile
from functools import cache
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
TOMBSTONE: Final = b"erased"


class SubjectErased(PermissionError):
    """Sealing for a subject whose key was destroyed. Nothing was written; nothing can be written for them again."""

    code = "subject_erased"


class VaultUnreadable(RuntimeError):
    """The vault key or a subject's key file does not fit: restore `var/keys` and `var/vault` of this install."""


class Vault(Protocol):
    """Seals bytes for a subject. `open` answers None when the subject was erased."""

    def seal(self, subject: str, clear: bytes, bound_to: bytes) -> bytes: ...
    def open(self, subject: str, sealed: bytes, bound_to: bytes) -> bytes | None: ...
    def destroy(self, subject: str) -> None: ...


class FileVault:
    """`folder/<subject>` holds that subject's data key, wrapped with `master` (32 bytes)."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self.folder = folder
        self._wrap = AESGCM(master)
        self._keys: dict[str, AESGCM] = {}

    def seal(self, subject: str, clear: bytes, bound_to: bytes) -> bytes:
        """Nonce and ciphertext. Raises `SubjectErased`."""
        key = self._key(subject) or self._make(subject)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + key.encrypt(nonce, clear, bound_to)

    def open(self, subject: str, sealed: bytes, bound_to: bytes) -> bytes | None:
        """The clear bytes, or None when the subject's key was destroyed."""
        try:
            key = self._key(subject)
        except SubjectErased:
            return None
        if key is None:
            raise VaultUnreadable(f"no key for subject {subject} in {self.folder}")
        return _opened(key, sealed, bound_to, subject)

    def destroy(self, subject: str) -> None:
        """Overwrite the subject's key with a tombstone; every later `seal` is refused."""
        path = self._file(subject)
        if path.exists():
            path.write_bytes(secrets.token_bytes(path.stat().st_size))
        _write_whole(path, TOMBSTONE)
        self._keys.pop(subject, None)

    def forget_cached(self) -> None:
        """Drop the keys that this process holds in memory."""
        self._keys.clear()

    def _file(self, subject: str) -> Path:
        return self.folder / str(UUID(subject))

    def _key(self, subject: str) -> AESGCM | None:
        if subject in self._keys:
            return self._keys[subject]
        try:
            stored = self._file(subject).read_bytes()
        except FileNotFoundError:
            return None
        if stored == TOMBSTONE:
            raise SubjectErased(subject)
        return self._keys.setdefault(subject, AESGCM(_opened(self._wrap, stored, subject.encode(), subject)))

    def _make(self, subject: str) -> AESGCM:
        nonce, key = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(KEY_BYTES)
        wrapped = nonce + self._wrap.encrypt(nonce, key, subject.encode())
        _write_once(self._file(subject), wrapped)
        made = self._key(subject)
        if made is None:
            raise VaultUnreadable(f"the key of subject {subject} vanished while it was made")
        return made


def _opened(key: AESGCM, sealed: bytes, bound_to: bytes, subject: str) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise VaultUnreadable(f"a sealed part of subject {subject} does not open with its key") from None


def _temporary(path: Path, content: bytes) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _write_whole(path: Path, content: bytes) -> None:
    _temporary(path, content).replace(path)


def _write_once(path: Path, content: bytes) -> None:
    """The first writer wins: a second one must use the key that is there."""
    temporary = _temporary(path, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


@cache
def install_vault(home: Path | None = None) -> FileVault:
    """The vault of this install: keys in `PLACET_HOME/vault`, wrapped by `PLACET_HOME/keys/vault.key`."""
    home = home or Path(settings.PLACET_HOME)
    key = home / "keys" / "vault.key"
    try:
        master = key.read_bytes()
    except FileNotFoundError:
        raise VaultUnreadable(f"{key} is missing. Run `make setup` to make this install's keys.") from None
    return FileVault(home / "vault", master)
