"""Receipt: one JSON file that proves an event. docs/receipts.md defines its format byte by byte.

No Django, no database. The input is untrusted.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from placet.eventlog.proofs.signed_note import InvalidNote, strict_base64
from placet.eventlog.proofs.tree import HASH_BYTES

REQUIRED: Final = frozenset({"leaf", "data", "index", "proof", "checkpoint", "issued_at"})
MAX_BYTES: Final = 4_000_000


class ReceiptMalformed(ValueError):
    """Not a receipt: wrong members or types."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One encrypted segment as stored, and its clear fields; None once it cannot be decrypted any more."""

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
        """`opened` only if the event has encrypted fields of the holder."""
        content = {
            "leaf": _text(self.leaf),
            "data": _text(self.data),
            "index": self.index,
            "proof": [_text(step) for step in self.proof],
            "checkpoint": self.checkpoint,
            "issued_at": self.issued_at,
        }
        if self.opened:
            content["opened"] = [{"segment": _text(one.segment), "fields": one.fields} for one in self.opened]
        return content


def read_receipt(content: bytes) -> Receipt:
    """A receipt from the bytes of its file. Raises `ReceiptMalformed`."""
    if len(content) > MAX_BYTES:
        raise ReceiptMalformed(f"a receipt has at most {MAX_BYTES:,} bytes")
    try:
        found = json.loads(content.decode(), object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
        return _receipt(found)
    except (ValueError, TypeError, KeyError, RecursionError) as malformed:
        raise ReceiptMalformed(str(malformed) or "not JSON") from None


def _receipt(found: Any) -> Receipt:
    if not isinstance(found, dict) or found.keys() - {"opened"} != REQUIRED:
        raise ReceiptMalformed(f"a receipt has exactly the members {', '.join(sorted(REQUIRED))}, and perhaps opened")
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
    except InvalidNote as invalid:
        raise ReceiptMalformed(str(invalid)) from None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _unique_names(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ReceiptMalformed("a name occurs twice")
    return found


def _refuse_constant(constant: str) -> None:
    raise ReceiptMalformed(f"{constant} is not JSON")
