"""Tree heads: C2SP tlog-checkpoint ("checkpoint" is that format's word)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from placet.eventlog.proofs.signed_note import InvalidNote, Signer, Verifier, strict_base64
from placet.eventlog.proofs.tree import HASH_BYTES

SIZE: Final = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root of the tree. `origin` names the log."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> str:
        """The signed note."""
        return signer.signed(self.text)


def parse_head(text: str) -> TreeHead:
    """From the text of a note. Ignores extension lines. Raises `InvalidNote`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not SIZE.fullmatch(lines[1]) or not all(lines[:-1]) or lines[-1]:
        raise InvalidNote("not a tree head: origin, size, root")
    root = strict_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise InvalidNote("not a tree head: a root has 32 bytes")
    return TreeHead(lines[0], int(lines[1]), root)


def verify_head(note: str, verifier: Verifier) -> TreeHead:
    """The head in a note signed by this key under its own name. Raises `InvalidNote`."""
    head = parse_head(verifier.opened(note))
    if head.origin != verifier.name:
        raise InvalidNote(f"the head is of {head.origin}, the key of {verifier.name}")
    return head


def parse_head_unverified(note: str) -> TreeHead:
    """The head in a note, with no signature checked. Raises `InvalidNote`."""
    return parse_head(f"{note.partition(chr(10) * 2)[0]}\n")
