"""Stored face templates: in the person's private store, encrypted under their key; a salted commitment in the log."""

import hashlib
import json
import secrets
from dataclasses import dataclass

import numpy as np

from placet.eventlog.encryption.cache_invalidation import register_cache
from placet.likeness.faces import Template
from placet.likeness.models import LikenessRow
from placet.likeness.queries import enrolled
from placet.media.errors import BlobMissing
from placet.media.private_store import PrivateStore
from placet.media.storage import private

SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """Name of a stored template, and its commitment for the log."""

    name: str
    commitment: str


def keep(store: PrivateStore, person: str, template: Template, name: str) -> StoredTemplate:
    """Encrypt a template under its person's key. The commitment is SHA-256 over salt and vector; both are stored."""
    salt, numbers = secrets.token_bytes(SALT_BYTES), template.vector.astype("<f8").tobytes()
    body = {"salt": salt.hex(), "vector": numbers.hex(), "model": template.model}
    store.keep(person, json.dumps(body).encode(), name)
    return StoredTemplate(name, hashlib.sha256(salt + numbers).hexdigest())


def load(store: PrivateStore, person: str, name: str) -> Template:
    """Decrypt a template. Raises `BlobMissing` after an erasure."""
    body = json.loads(store.open(person, name))
    return Template(np.frombuffer(bytes.fromhex(body["vector"]), "<f8"), body["model"])


class Gallery:
    """Templates of everyone enrolled, decrypted once per process and kept in memory only."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Template] = {}
        register_cache(self)

    def clear(self) -> None:
        """Decrypt everything again at the next read."""
        self._open = {}

    def all(self) -> dict[str, Template]:
        """Person -> template, of everyone enrolled now."""
        rows = enrolled()
        known = {(str(row.person), row.template): row for row in rows}
        before = self._open
        opened = {key: before.get(key) or self._load(row) for key, row in known.items()}
        self._open = {key: template for key, template in opened.items() if template is not None}
        return {person: template for (person, _), template in self._open.items()}

    def _load(self, row: LikenessRow) -> Template | None:
        """None for a person who is being erased. Any other missing template stops the check."""
        try:
            return load(private(), str(row.person), row.template)
        except BlobMissing:
            if not private().vault.is_erased(str(row.person)):
                raise
            return None
