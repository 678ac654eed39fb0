"""Clips in a backup: sealed so that the erasure of anybody whom one concerns makes the copy unreadable."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from placet.eventlog.encryption.vault import NONCE_BYTES, SubjectErased, Vault

KEY_BITS: Final = 256
NAMED: Final = """
SELECT stream, data FROM eventlog_event
WHERE type IN ('studio.generation_requested.v1', 'studio.generation_rendered.v1', 'studio.generation_signed.v1')
ORDER BY stream, version
"""


@dataclass(frozen=True, slots=True)
class EncryptedClip:
    """A clip as the backup holds it. `key` is sealed for each person in turn: all of them are needed to open it."""

    persons: tuple[str, ...]
    key: str
    data: bytes


def concerned(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    """SHA-256 of every clip that the log names -> whoever asked for it and whom it shows."""
    found: dict[str, set[str]] = {}
    of_stream: dict[str, set[str]] = {}
    for stream, data in connection.execute(NAMED):
        fact = json.loads(bytes(data))
        if "requested_by" in fact:
            of_stream[stream] = {str(fact["requested_by"]), *map(str, fact["cameos"])}
        else:
            found.setdefault(str(fact["sha256"]), set()).update(of_stream[stream])
    return found


def encrypt_clip(vault: Vault, name: str, persons: Sequence[str], clip: bytes) -> EncryptedClip | None:
    """None when one of them was erased: then the clip is in no backup."""
    fresh, nonce = AESGCM.generate_key(KEY_BITS), secrets.token_bytes(NONCE_BYTES)
    key = fresh
    try:
        for person in persons:
            key = vault.encrypt(person, key, _bound_to(name))
    except SubjectErased:
        return None
    return EncryptedClip(
        tuple(persons), b64encode(key).decode(), nonce + AESGCM(fresh).encrypt(nonce, clip, _bound_to(name))
    )


def decrypt_clip(vault: Vault, name: str, sealed: EncryptedClip) -> bytes | None:
    """None when one of them was erased since."""
    key: bytes | None = b64decode(sealed.key)
    for person in reversed(sealed.persons):
        key = vault.decrypt(person, key, _bound_to(name)) if key is not None else None
    if key is None:
        return None
    return AESGCM(key).decrypt(sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:], _bound_to(name))


def _bound_to(name: str) -> bytes:
    return f"backup|{name}".encode()
