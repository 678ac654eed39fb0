"""A monitor: remembers the last head it saw, and finds a history that was rewritten, truncated or forked.

It trusts one public key and what it remembers, nothing that it is told. It reads what C2SP tlog-tiles serves, from an
address or from a folder, and one thing more: `restored`, the receipt of the event that opens a restored log's new name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from placet.eventlog.proofs.signed_note import InvalidKey, InvalidNote, Verifier, read_verifier
from placet.eventlog.proofs.tiles import Tile, hashes_of, nodes_from
from placet.eventlog.proofs.tree import OutsideTree, consistency_proof, is_consistent
from placet.eventlog.proofs.tree_head import TreeHead, parse_head_unverified, verify_head
from placet.eventlog.proofs.verify import ReceiptInvalid, VerifiedReceipt, verify_receipt

RESTORED: Final = "log.restored.v1"
Fetch = Callable[[str], bytes]
"""Path below the log's address -> content. Raises `Unreachable`."""


class Unreachable(OSError):
    """The log does not answer, or has not what it must have."""


@dataclass(frozen=True, slots=True)
class MonitorState:
    """What a monitor remembers."""

    key: str
    checkpoint: str


@dataclass(frozen=True, slots=True)
class MonitorFinding:
    """`kind`: first, same, grown, restored; or rewritten, truncated, forked, unsigned, unknown."""

    kind: str
    message: str
    state: MonitorState
    """What to remember from here on: unchanged where something is wrong."""
    lost: tuple[int, int] | None = None
    """The first and last position that a restore has lost."""

    @property
    def is_sound(self) -> bool:
        return self.kind in {"first", "same", "grown", "restored"}


def poll_log(fetch: Fetch, seen: MonitorState | None, key: str = "") -> MonitorFinding:
    """One look. `key` for the first one; without it the log's own word is taken for it. Raises `Unreachable`."""
    note = _text(fetch("checkpoint"))
    if seen is None:
        return _first(note, key or _text(fetch("key")))
    try:
        verifier = read_verifier(seen.key)
        before = verify_head(seen.checkpoint, verifier)
        if (told := parse_head_unverified(note)).origin != before.origin:
            return _renamed(fetch, seen, before, verifier, told.origin, note)
        now = verify_head(note, verifier)
    except (InvalidNote, InvalidKey) as unsound:
        return MonitorFinding("unsigned", str(unsound), seen)
    return _compared(fetch, seen, before, now, note)


def _first(note: str, key: str) -> MonitorFinding:
    nothing = MonitorState(key.strip(), "")
    try:
        head = verify_head(note, read_verifier(key))
    except (InvalidNote, InvalidKey) as unsound:
        return MonitorFinding("unsigned", str(unsound), nothing)
    return MonitorFinding("first", f"{head.size} events; remembered from here on", MonitorState(key.strip(), note))


def _compared(fetch: Fetch, seen: MonitorState, before: TreeHead, now: TreeHead, note: str) -> MonitorFinding:
    if now.size < before.size:
        return MonitorFinding("truncated", f"{before.size} events were signed, {now.size} are left", seen)
    if now.size == before.size and now.root != before.root:
        return MonitorFinding("forked", f"two histories of {now.size} events were signed", seen)
    if now == before:
        return MonitorFinding("same", f"{now.size} events", seen)
    if not _grew(fetch, before, now):
        return MonitorFinding(
            "rewritten", f"{now.size} events do not begin with the {before.size} that were signed", seen
        )
    return MonitorFinding("grown", f"from {before.size} to {now.size} events", MonitorState(seen.key, note))


def _grew(fetch: Fetch, before: TreeHead, now: TreeHead) -> bool:
    """Whether the tree of `now` begins with that of `before`, by its own tiles."""

    def read(tile: Tile) -> list[bytes]:
        return hashes_of(fetch(f"tile/{tile.address}"))

    if now.size < before.size:
        return False
    try:
        proof = consistency_proof(nodes_from(read, now.size), before.size, now.size)
    except OutsideTree:
        return False
    return is_consistent(before.size, before.root, now.size, now.root, proof)


def _renamed(  # noqa: PLR0913, PLR0917  what was, and what is
    fetch: Fetch, seen: MonitorState, before: TreeHead, verifier: Verifier, origin: str, note: str
) -> MonitorFinding:
    """Another name: a restore, if an event under the new name says so and names at least all that was seen."""
    again = Verifier(origin, verifier.public)
    now = verify_head(note, again)
    try:
        proved = verify_receipt(fetch("restored"), again)
    except (ReceiptInvalid, Unreachable) as absent:
        return MonitorFinding(
            "unknown", f"the log calls itself {origin}, and nothing proves that it was restored: {absent}", seen
        )
    if why := _contradiction(fetch, before, now, proved):
        return MonitorFinding("forked", why, seen)
    kept, old_size = proved.leaf.position - 1, int(proved.data["old_size"])
    lost = (kept + 1, old_size) if old_size > kept else None
    words = f"positions {kept + 1} to {old_size} are lost" if lost else "nothing is lost"
    return MonitorFinding("restored", f"from {before.origin}; {words}", MonitorState(again.text, note), lost)


def _contradiction(fetch: Fetch, before: TreeHead, now: TreeHead, proved: VerifiedReceipt) -> str:
    """Why this is not the restore of what was seen; empty where it is."""
    said = proved.data
    if proved.leaf.type != RESTORED or said.get("old_origin") != before.origin:
        return f"a log was restored, but not {before.origin}"
    old_size, old_root = said.get("old_size"), said.get("old_root")
    if type(old_size) is not int or before.size > old_size:
        return f"{before.size} events were signed, the restore knows of {old_size}"
    if before.size == old_size and before.root.hex() != old_root:
        return f"the restore names another history of {old_size} events than the one that was signed"
    if before.size < proved.leaf.position and not _grew(fetch, before, now):
        return f"the restored log does not begin with the {before.size} events that were signed"
    return ""


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unreachable("the log answers with something else than text") from None
