"""Monitor: remembers the last tree head and detects a history that was rewritten, truncated or forked.

It trusts one public key and its own state, nothing else. It reads C2SP tlog-tiles from a URL or a folder, and
`restored`, the receipt of the event that begins a restored log's new name.
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
"""Path below the log's URL -> content. Raises `Unreachable`."""


class Unreachable(OSError):
    """The log does not answer, or lacks something that it must have."""


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
    """The state to keep: unchanged if something is wrong."""
    lost: tuple[int, int] | None = None
    """The first and last position lost by a restore."""

    @property
    def is_sound(self) -> bool:
        return self.kind in {"first", "same", "grown", "restored"}


def poll_log(fetch: Fetch, state: MonitorState | None, key: str = "") -> MonitorFinding:
    """Poll once. `key`: for the first poll; without it the log's own key is trusted. Raises `Unreachable`."""
    note = _text(fetch("checkpoint"))
    if state is None:
        return _first(note, key or _text(fetch("key")))
    try:
        verifier = read_verifier(state.key)
        before = verify_head(state.checkpoint, verifier)
        if (claimed := parse_head_unverified(note)).origin != before.origin:
            return _renamed(fetch, state, before, verifier, claimed.origin, note)
        now = verify_head(note, verifier)
    except (InvalidNote, InvalidKey) as invalid:
        return MonitorFinding("unsigned", str(invalid), state)
    return _compared(fetch, state, before, now, note)


def _first(note: str, key: str) -> MonitorFinding:
    nothing = MonitorState(key.strip(), "")
    try:
        head = verify_head(note, read_verifier(key))
    except (InvalidNote, InvalidKey) as invalid:
        return MonitorFinding("unsigned", str(invalid), nothing)
    return MonitorFinding("first", f"{head.size} events; monitored from now on", MonitorState(key.strip(), note))


def _compared(fetch: Fetch, state: MonitorState, before: TreeHead, now: TreeHead, note: str) -> MonitorFinding:
    if now.size < before.size:
        return MonitorFinding("truncated", f"{before.size} events were signed, {now.size} are left", state)
    if now.size == before.size and now.root != before.root:
        return MonitorFinding("forked", f"two histories of {now.size} events were signed", state)
    if now == before:
        return MonitorFinding("same", f"{now.size} events", state)
    if not _grew(fetch, before, now):
        return MonitorFinding(
            "rewritten", f"{now.size} events do not begin with the {before.size} that were signed", state
        )
    return MonitorFinding("grown", f"from {before.size} to {now.size} events", MonitorState(state.key, note))


def _grew(fetch: Fetch, before: TreeHead, now: TreeHead) -> bool:
    """Whether the tree of `now` begins with that of `before`, by the tiles of `now`."""

    def read(tile: Tile) -> list[bytes]:
        return hashes_of(fetch(f"tile/{tile.address}"))

    if now.size < before.size:
        return False
    try:
        proof = consistency_proof(nodes_from(read, now.size), before.size, now.size)
    except OutsideTree:
        return False
    return is_consistent(before.size, before.root, now.size, now.root, proof)


def _renamed(  # noqa: PLR0913, PLR0917  the state before and now
    fetch: Fetch, state: MonitorState, before: TreeHead, verifier: Verifier, origin: str, note: str
) -> MonitorFinding:
    """Another name: a restore if an event under the new name says so and covers at least the known head."""
    renamed = Verifier(origin, verifier.public)
    now = verify_head(note, renamed)
    try:
        proved = verify_receipt(fetch("restored"), renamed)
    except (ReceiptInvalid, Unreachable) as absent:
        return MonitorFinding(
            "unknown", f"the log calls itself {origin}, and nothing proves that it was restored: {absent}", state
        )
    if why := _contradiction(fetch, before, now, proved):
        return MonitorFinding("forked", why, state)
    restored, old_size = proved.leaf.position - 1, int(proved.data["old_size"])
    lost = (restored + 1, old_size) if old_size > restored else None
    loss = f"positions {restored + 1} to {old_size} are lost" if lost else "nothing is lost"
    return MonitorFinding("restored", f"from {before.origin}; {loss}", MonitorState(renamed.text, note), lost)


def _contradiction(fetch: Fetch, before: TreeHead, now: TreeHead, proved: VerifiedReceipt) -> str:
    """Why this is not a restore of the known log; empty if it is."""
    restore = proved.data
    if proved.leaf.type != RESTORED or restore.get("old_origin") != before.origin:
        return f"a log was restored, but not {before.origin}"
    old_size, old_root = restore.get("old_size"), restore.get("old_root")
    if type(old_size) is not int or before.size > old_size:
        return f"{before.size} events were signed, the restore names {old_size}"
    if before.size == old_size and before.root.hex() != old_root:
        return f"the restore names another history of {old_size} events than the one that was signed"
    if before.size < proved.leaf.position and not _grew(fetch, before, now):
        return f"the restored log does not begin with the {before.size} events that were signed"
    return ""


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unreachable("the log did not answer with text") from None
