"""Private store: portraits, face templates and uploaded pictures, encrypted with each person's own key.

Events name such a file and never contain it. Once the person's key is destroyed, their files read as missing.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path

from placet.eventlog.encryption.vault import Vault
from placet.kernel.files import atomic_write
from placet.media.errors import BlobMissing


@dataclass(frozen=True, slots=True)
class PrivateStore:
    """Files at `root/<person>/<name>`; names are random UUIDs."""

    root: Path
    vault: Vault

    def keep(self, person: str, data: bytes, name: str | None = None) -> str:
        """Encrypts and writes a file durably. Returns its name."""
        name = name or str(uuid.uuid4())
        atomic_write(self._path(person, name), self.vault.encrypt(person, data, _bound_to(person, name)))
        return name

    def open(self, person: str, name: str) -> bytes:
        """The decrypted bytes. Raises `BlobMissing` if there is no file, or the person was erased."""
        try:
            sealed = self._path(person, name).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(f"No private file {name}.") from None
        clear = self.vault.decrypt(person, sealed, _bound_to(person, name))
        if clear is None:
            raise BlobMissing(f"Private file {name} was erased with its person.")
        return clear

    def drop(self, person: str, name: str) -> None:
        """Removes a file, if there is one."""
        self._path(person, name).unlink(missing_ok=True)

    def drop_all(self, person: str) -> int:
        """Removes all files of a person, partial ones too. Returns their number."""
        folder = self.root / str(uuid.UUID(person))
        files = list(folder.iterdir()) if folder.is_dir() else []
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)

    def _path(self, person: str, name: str) -> Path:
        return self.root / str(uuid.UUID(person)) / str(uuid.UUID(name))


def _bound_to(person: str, name: str) -> bytes:
    return f"private|{person}|{name}".encode()
