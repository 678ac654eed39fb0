"""Private files of one person: portraits, face templates, pictures handed in. Sealed under that person's own key.

Events name such a file and never carry it. When the person's key is destroyed, what lies here reads as gone.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path

from placet.eventlog.encryption.vault import Vault
from placet.kernel.files import atomic_write
from placet.media.errors import BlobMissing


@dataclass(frozen=True, slots=True)
class PrivateStore:
    """`root/<person>/<name>`; names are made here and mean nothing."""

    root: Path
    vault: Vault

    def keep(self, person: str, data: bytes, name: str | None = None) -> str:
        """Seal and write a file, durably. Answers its name."""
        name = name or str(uuid.uuid4())
        atomic_write(self._place(person, name), self.vault.encrypt(person, data, _bound_to(person, name)))
        return name

    def open(self, person: str, name: str) -> bytes:
        """The clear bytes. Raises `BlobMissing` when there is none, or the person was erased."""
        try:
            sealed = self._place(person, name).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(f"No private file {name}.") from None
        clear = self.vault.decrypt(person, sealed, _bound_to(person, name))
        if clear is None:
            raise BlobMissing(f"Private file {name} was erased with its person.")
        return clear

    def drop(self, person: str, name: str) -> None:
        """Remove a file; nothing happens when it is gone already."""
        self._place(person, name).unlink(missing_ok=True)

    def drop_all(self, person: str) -> int:
        """Remove every file of a person, half written ones too. Answers how many there were."""
        folder = self.root / str(uuid.UUID(person))
        files = list(folder.iterdir()) if folder.is_dir() else []
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)

    def _place(self, person: str, name: str) -> Path:
        return self.root / str(uuid.UUID(person)) / str(uuid.UUID(name))


def _bound_to(person: str, name: str) -> bytes:
    return f"private|{person}|{name}".encode()
