"""A receipt: one JSON file that proves itself. Its format, byte by byte, stands in docs/receipts.md.

No Django, no database: what is read here may come from anybody.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from placet.eventlog.proofs.signed_note import InvalidNote, strict_base64
from placet.eventlog.proofs.tree import HASH_BYTES

NEEDED: Final = frozenset({"leaf", "data", "index", "proof", "checkpoint", "issued_at"})
LARGEST_BYTES: Final = 4_000_000


class ReceiptMalformed(ValueError):
    """Not a receipt: other members than a receipt has, or of other types."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One sealed part as stored, and what it says. `fields` is None once the part cannot be opened any more."""

    segment: bytes
    fields: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Receipt:
    leaf: bytes
    data: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    issued_at: str
    opened: tuple[Opening, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`opened` only where the event has sealed parts of the holder's."""
        told = {
            "leaf": _text(self.leaf),
            "data": _text(self.data),
            "index": self.index,
            "proof": [_text(step) for step in self.proof],
            "checkpoint": self.checkpoint,
            "issued_at": self.issued_at,
        }
        if self.opened:
            told["opened"] = [{"segment": _text(one.segment), "fields": one.fields} for one in self.opened]
        return told


def read_receipt(content: bytes) -> Receipt:
    """A receipt from the bytes of its file. Raises `ReceiptMalformed`."""
    if len(content) > LARGEST_BYTES:
        raise ReceiptMalformed(f"a receipt has at most {LARGEST_BYTES:,} bytes")
    try:
        found = json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_refuse)
        return _receipt(found)
    except (ValueError, TypeError, KeyError, RecursionError) as malformed:
        raise ReceiptMalformed(str(malformed) or "not JSON") from None


def _receipt(found: Any) -> Receipt:
    if not isinstance(found, dict) or found.keys() - {"opened"} != NEEDED:
        raise ReceiptMalformed(f"a receipt has exactly the members {', '.join(sorted(NEEDED))}, and perhaps opened")
    steps, opened = found["proof"], found.get("opened", [])
    if type(found["index"]) is not int or not isinstance(steps, list) or not isinstance(opened, list):
        raise ReceiptMalformed("index is a whole number, proof and opened are lists")
    if not isinstance(found["checkpoint"], str) or not isinstance(found["issued_at"], str):
        raise ReceiptMalformed("checkpoint and issued_at are text")
    proof = tuple(_bytes(step) for step in steps)
    if any(len(step) != HASH_BYTES for step in proof) or len(proof) > 64:
        raise ReceiptMalformed("proof holds hashes of 32 bytes, at most 64 of them")
    leaf, data = _bytes(found["leaf"]), _bytes(found["data"])
    return Receipt(
        leaf, data, found["index"], proof, found["checkpoint"], found["issued_at"], tuple(map(_opening, opened))
    )


def _opening(found: Any) -> Opening:
    if not isinstance(found, dict) or found.keys() != {"segment", "fields"}:
        raise ReceiptMalformed("each of opened has exactly segment and fields")
    fields = found["fields"]
    if fields is not None and not (isinstance(fields, dict) and all(isinstance(v, str) for v in fields.values())):
        raise ReceiptMalformed("fields are texts by name, or null")
    return Opening(_bytes(found["segment"]), fields)


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise ReceiptMalformed("bytes are base64 text")
    try:
        return strict_base64(text)
    except InvalidNote as unsound:
        raise ReceiptMalformed(str(unsound)) from None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ReceiptMalformed("a name stands twice")
    return found


def _refuse(constant: str) -> None:
    raise ReceiptMalformed(f"{constant} is not JSON")
