"""Codec: facts to the exact bytes that are stored, and back.

Clear fields become canonical JSON; encrypted fields become one AES-GCM segment per subject. The digest of an event
covers the stored bytes, ciphertext included, so it still verifies after an erasure.
"""

import base64
import dataclasses
import hashlib
from typing import Any, Final

from msgspec.json import decode as read_json

from placet.eventlog.encryption.vault import Vault
from placet.eventlog.store.canonical_json import NotStorable, canonical
from placet.eventlog.store.event import BY_CLASS, ERASED, TYPES, EventType
from placet.eventlog.store.upcast import newest

__all__ = ["NotStorable", "UnknownEventType", "canonical", "decode", "digest", "encode", "type_of"]


class UnknownEventType(LookupError):
    """The type of a stored event is unknown to this release: run the newer release."""


def type_of(fact: object) -> EventType:
    """The registered type of a fact."""
    try:
        return BY_CLASS[type(fact)]
    except KeyError:
        raise UnknownEventType(f"{type(fact).__name__} is not registered with @event") from None


def encode(fact: object, event_id: str, vault: Vault) -> tuple[bytes, bytes | None]:
    """The stored bytes of a fact: (data, encrypted segments or None)."""
    kind = type_of(fact)
    if not kind.encrypted:
        return canonical(_values(fact, kind)), None
    segments = [
        {
            "ciphertext": _encrypt(vault, subject, clear, event_id, kind.name),
            "fields": sorted(clear),
            "subject": subject,
        }
        for subject, clear in sorted(_by_subject(fact, kind).items())
    ]
    return canonical(_values(fact, kind)), canonical(segments)


def decode(type_name: str, data: bytes, encrypted: bytes | None, event_id: str, vault: Vault) -> Any:
    """The fact of a stored event, upcast to the newest version of its type; erased fields are `ERASED`."""
    values = read_json(data)
    if encrypted is not None:
        values.update(_decrypt(read_json(encrypted), event_id, type_name, vault))
    name, values = newest(type_name, values)
    try:
        kind = TYPES[name]
    except KeyError:
        raise UnknownEventType(f"{type_name} (event {event_id})") from None
    for field in kind.tuples:
        values[field] = tuple(values[field])
    return kind.fact(**values)


def digest(data: bytes, encrypted: bytes | None) -> bytes:
    """SHA-256 over the hash of the data, then the hash of each encrypted segment."""
    hasher: Final = hashlib.sha256(hashlib.sha256(data).digest())
    for segment in read_json(encrypted) if encrypted is not None else ():
        hasher.update(hashlib.sha256(canonical(segment)).digest())
    return hasher.digest()


def _values(fact: Any, kind: EventType) -> dict[str, Any]:
    return {f.name: getattr(fact, f.name) for f in dataclasses.fields(fact) if f.name not in kind.encrypted}


def _by_subject(fact: object, kind: EventType) -> dict[str, dict[str, str]]:
    clear: dict[str, dict[str, str]] = {}
    for field, subject_field in kind.encrypted.items():
        value = getattr(fact, field)
        if value is not ERASED:
            clear.setdefault(str(getattr(fact, subject_field)), {})[field] = value
    return clear


def _encrypt(vault: Vault, subject: str, clear: dict[str, str], event_id: str, type_name: str) -> str:
    return base64.b64encode(vault.encrypt(subject, canonical(clear), _bound_to(event_id, type_name, subject))).decode()


def _decrypt(segments: list[dict[str, Any]], event_id: str, type_name: str, vault: Vault) -> dict[str, Any]:
    opened: dict[str, Any] = {}
    for segment in segments:
        subject = segment["subject"]
        clear = vault.decrypt(subject, base64.b64decode(segment["ciphertext"]), _bound_to(event_id, type_name, subject))
        opened.update(dict.fromkeys(segment["fields"], ERASED) if clear is None else read_json(clear))
    return opened


def _bound_to(event_id: str, type_name: str, subject: str) -> bytes:
    """What a segment is bound to, so that ciphertext cannot be moved to another event."""
    return f"{event_id}|{type_name}|{subject}".encode()
