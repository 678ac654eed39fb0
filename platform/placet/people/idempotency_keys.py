"""`Idempotency-Key`: the same key from the same person is the same command and gets the same response.

The key becomes the command id, so that a crash between write and response writes nothing twice. A refusal is not
stored: nothing was written, and the same key may be sent again.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from placet.kernel.refusal import Refusal
from placet.people.models import IdempotencyKeyRow

LONGEST_KEY: Final = 200
KEPT: Final = timedelta(days=1)


class IdempotencyKeyReused(Refusal):
    code = "idempotency_key_reused"
    hint = "Use a new key for another command: this one was sent before with another body."


class IdempotencyKeyInvalid(Refusal):
    code = "idempotency_key_invalid"
    hint = "Send 1 to 200 printable characters, for example a UUID."
    status = 400


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """One person's key, and what was sent with it."""

    person: str
    text: str
    digest: str

    @property
    def command_id(self) -> str:
        return str(uuid.uuid5(uuid.UUID(self.person), self.text))


def key_of(person: str, text: str, path: str, body: Mapping[str, Any]) -> IdempotencyKey:
    """Raises `IdempotencyKeyInvalid`."""
    if not 0 < len(text) <= LONGEST_KEY or not text.isprintable() or not text.isascii():
        raise IdempotencyKeyInvalid
    digest = hashlib.sha256(f"{path}\n{json.dumps(body, sort_keys=True, default=_digest_of)}".encode()).hexdigest()
    return IdempotencyKey(person, text, digest)


def stored_response(key: IdempotencyKey) -> tuple[int, Any] | None:
    """Status and body of the first response; None at the first use. Raises `IdempotencyKeyReused`."""
    now = datetime.now(UTC)
    IdempotencyKeyRow.objects.filter(person=key.person, requested_at__lt=now - KEPT).delete()
    found, _ = IdempotencyKeyRow.objects.get_or_create(
        id=key.command_id, defaults={"person": key.person, "digest": key.digest, "requested_at": now}
    )
    if found.digest != key.digest:
        raise IdempotencyKeyReused
    return None if found.status is None else (found.status, found.response)


def store_response(key: IdempotencyKey, status: int, response: Any) -> None:
    """Store the response for repeated requests. A response holds no text that a person wrote."""
    IdempotencyKeyRow.objects.filter(id=key.command_id).update(status=status, response=response)


def _digest_of(value: Any) -> str:
    """The hash of a file's bytes; the file is read from its start and rewound."""
    value.seek(0)
    found = hashlib.sha256(value.read()).hexdigest()
    value.seek(0)
    return found
