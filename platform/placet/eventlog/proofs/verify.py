"""Verify a receipt with the log's public key alone; the error names the first step that fails."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from placet.eventlog.proofs.leaf import Leaf, hex_hashes, read_leaf
from placet.eventlog.proofs.receipt import Receipt, ReceiptMalformed, read_receipt
from placet.eventlog.proofs.signed_note import InvalidNote, Verifier
from placet.eventlog.proofs.tree import leaf_hash, root_from_inclusion
from placet.eventlog.proofs.tree_head import TreeHead, verify_head

STEPS: Final = ("receipt", "signature", "leaf", "inclusion", "data", "opened")


class ReceiptInvalid(ValueError):
    """The receipt is invalid. `step`: the one of `STEPS` that failed."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step, self.why = step, why


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """What a receipt proves: this event, at this position, under this head."""

    leaf: Leaf
    data: dict[str, Any]
    head: TreeHead
    opened: tuple[dict[str, str] | None, ...]
    """Clear fields as the issuer states them: the one thing that a receipt cannot prove."""
    issued_at: str


def verify_receipt(content: bytes, key: Verifier) -> VerifiedReceipt:
    """Verify a receipt's file. Raises `ReceiptInvalid`."""
    try:
        receipt = read_receipt(content)
    except ReceiptMalformed as malformed:
        raise ReceiptInvalid("receipt", str(malformed)) from None
    head = _signature(receipt, key)
    leaf = _leaf(receipt)
    _inclusion(receipt, head)
    data = _data(receipt, leaf)
    _opened(receipt, leaf)
    return VerifiedReceipt(leaf, data, head, tuple(one.fields for one in receipt.opened), receipt.issued_at)


def _signature(receipt: Receipt, key: Verifier) -> TreeHead:
    try:
        return verify_head(receipt.checkpoint, key)
    except InvalidNote as invalid:
        raise ReceiptInvalid("signature", str(invalid)) from None


def _leaf(receipt: Receipt) -> Leaf:
    try:
        leaf = read_leaf(receipt.leaf)
        datetime.fromisoformat(leaf.recorded_at)
    except (ValueError, TypeError, RecursionError) as invalid:
        raise ReceiptInvalid("leaf", str(invalid)) from None
    if leaf.position != receipt.index + 1:
        raise ReceiptInvalid("leaf", f"position {leaf.position} is not at index {receipt.index}")
    return leaf


def _data(receipt: Receipt, leaf: Leaf) -> dict[str, Any]:
    if hashlib.sha256(receipt.data).hexdigest() != leaf.data:
        raise ReceiptInvalid("data", "these are not the bytes that the leaf names")
    found = json.loads(receipt.data)
    if not isinstance(found, dict):
        raise ReceiptInvalid("data", "an event is an object")
    return found


def _opened(receipt: Receipt, leaf: Leaf) -> None:
    for segment, named in zip(receipt.opened, hex_hashes([one.segment for one in receipt.opened]), strict=True):
        if named not in leaf.encrypted:
            raise ReceiptInvalid("opened", "this is not an encrypted segment that the leaf names")
        if segment.fields is not None and sorted(segment.fields) != json.loads(segment.segment)["fields"]:
            raise ReceiptInvalid("opened", "these are not the fields of the segment")


def _inclusion(receipt: Receipt, head: TreeHead) -> None:
    found = root_from_inclusion(leaf_hash(receipt.leaf), receipt.index, head.size, receipt.proof)
    if found != head.root:
        raise ReceiptInvalid("inclusion", "the proof does not lead to the signed root")
