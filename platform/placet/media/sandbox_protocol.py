"""Sandbox protocol: one JSON object and one byte string, each with its length in front. Nothing is executable."""

import json
import struct
from typing import Any, Final

_LENGTHS: Final = struct.Struct(">4sIQ")
_MAGIC: Final = b"plc1"


def pack(facts: dict[str, Any], payload: bytes = b"") -> bytes:
    head = json.dumps(facts, separators=(",", ":"), allow_nan=False).encode()
    return _LENGTHS.pack(_MAGIC, len(head), len(payload)) + head + payload


def unpack(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Facts and payload. Raises `ValueError` unless the message is exactly complete."""
    if len(message) < _LENGTHS.size:
        raise ValueError("The answer is too short.")
    magic, head, payload = _LENGTHS.unpack_from(message)
    if magic != _MAGIC or len(message) != _LENGTHS.size + head + payload:
        raise ValueError("The answer is incomplete.")
    facts = json.loads(message[_LENGTHS.size : _LENGTHS.size + head])
    if not isinstance(facts, dict):
        raise ValueError("The answer is not an object.")  # noqa: TRY004 - one kind of failure for one bad message
    return facts, message[_LENGTHS.size + head :]
