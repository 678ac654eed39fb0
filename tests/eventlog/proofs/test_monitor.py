"""A monitor follows a growing log and detects one that was rewritten, truncated, forked or restored."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from placet.eventlog.proofs.leaf import Leaf, leaf_bytes
from placet.eventlog.proofs.monitor import MonitorFinding, MonitorState, Unreachable, poll_log
from placet.eventlog.proofs.signed_note import Signer, Verifier
from placet.eventlog.proofs.tiles import WIDTH, tile_at
from placet.eventlog.proofs.tree import in_memory, inclusion_proof, leaf_hash, root
from placet.eventlog.proofs.tree_head import TreeHead
from placet.eventlog.store.canonical_json import canonical
from tests.eventlog.proofs.tree_building import SIGNER


@dataclass
class Served:
    """A served log with test leaves."""

    leaves: list[bytes]
    signer: Signer = SIGNER
    restored: dict[str, Any] = field(default_factory=dict)

    @property
    def hashes(self) -> list[bytes]:
        return [leaf_hash(leaf) for leaf in self.leaves]

    @property
    def head(self) -> TreeHead:
        return TreeHead(self.signer.name, len(self.leaves), root(in_memory(self.hashes), len(self.leaves)))

    def __call__(self, path: str) -> bytes:
        if path == "checkpoint":
            return self.head.signed(self.signer).encode()
        if path == "key":
            return self.signer.verifier.text.encode()
        if path == "restored" and self.restored:
            return json.dumps(self.restored).encode()
        if not path.startswith("tile/"):
            raise Unreachable(path)
        tile = tile_at(path.removeprefix("tile/"))
        span = WIDTH**tile.level
        starts = [(tile.index * WIDTH + n) * span for n in range(tile.width)]
        return b"".join(root(in_memory(self.hashes[at : at + span]), span) for at in starts)


def leaves(count: int, word: str = "event") -> list[bytes]:
    return [f"{word} {n}".encode() for n in range(count)]


def first_state(log: Served) -> MonitorState:
    found = poll_log(log, None, SIGNER.verifier.text)
    assert found.kind == "first"
    return found.state


def test_a_monitor_follows_a_growing_log() -> None:
    now = first_state(Served(leaves(5)))
    for size in (6, 255, 256, 700, 700, 1_000):
        found = poll_log(Served(leaves(size)), now)
        assert found.kind == ("same" if f"\n{size}\n" in now.checkpoint else "grown")
        now = found.state


def test_without_a_key_only_the_first_key_is_trusted() -> None:
    now = poll_log(Served(leaves(5)), None).state
    other = Signer(SIGNER.name, b"\x09" * 32)
    assert poll_log(Served(leaves(6), other), now).kind == "unsigned"
    assert poll_log(Served(leaves(6), other), None, SIGNER.verifier.text).kind == "unsigned"


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    ("kind", "then"),
    [
        ("truncated", leaves(250)),
        ("forked", [*leaves(299), b"another"]),
        ("rewritten", [*leaves(150), b"another", *leaves(400)[151:]]),
        ("rewritten", [*leaves(299), b"another", *leaves(600)[300:]]),
    ],
)
def test_a_changed_history_is_detected_and_the_state_kept(kind: str, then: list[bytes]) -> None:
    before = first_state(Served(leaves(300)))
    found = poll_log(Served(then), before)
    assert (found.kind, found.is_sound, found.state) == (kind, False, before)


def test_a_log_that_hides_its_tiles_is_unreachable() -> None:
    class Hiding(Served):
        def __call__(self, path: str) -> bytes:
            if path.startswith("tile/"):
                raise Unreachable(path)
            return super().__call__(path)

    with pytest.raises(Unreachable):
        poll_log(Hiding(leaves(400)), first_state(Served(leaves(300))))


# -- restored from an older backup, under a new name


def restore(old: Served, kept: int, **fields: Any) -> Served:
    """A log restored with the first `kept` leaves, and the receipt of the restore."""
    data = {
        "old_origin": old.head.origin,
        "old_size": old.head.size,
        "old_root": old.head.root.hex(),
        "lost": 0,
        **fields,
    }
    stored = canonical(data)
    name = f"{SIGNER.name}/2"
    leaf = Leaf(
        "00000000-0000-4000-8000-000000000009", "log.restored.v1", "log", 1, kept + 1, "2030-01-01T00:00:00.000000Z",
        hashlib.sha256(stored).hexdigest(), (),
    )  # fmt: skip
    new = Served([*old.leaves[:kept], leaf_bytes(leaf), *leaves(20, "later")], Signer(name, SIGNER.seed))
    size = len(new.leaves)
    new.restored = {
        "leaf": base64.b64encode(leaf_bytes(leaf)).decode(),
        "data": base64.b64encode(stored).decode(),
        "index": kept,
        "proof": [base64.b64encode(s).decode() for s in inclusion_proof(in_memory(new.hashes), kept, size)],
        "checkpoint": new.head.signed(new.signer),
        "issued_at": "2030-01-01T00:00:01.000000Z",
    }
    return new


@pytest.mark.promise("P5")
def test_a_restore_is_reported_with_its_loss_and_then_followed() -> None:
    old = Served(leaves(300))
    new = restore(old, kept=280)
    found: MonitorFinding = poll_log(new, first_state(old))
    assert (found.kind, found.lost, found.is_sound) == ("restored", (281, 300), True)
    assert found.state.key == Verifier(f"{SIGNER.name}/2", SIGNER.verifier.public).text
    new.leaves.append(b"more")
    assert poll_log(new, found.state).kind == "grown"


def test_a_restore_must_begin_with_the_known_head() -> None:
    before, old = first_state(Served(leaves(200))), Served(leaves(300))
    assert poll_log(restore(old, kept=280), before).kind == "restored"
    other = Served([b"another", *leaves(300)[1:]])
    assert poll_log(restore(other, kept=280), before).kind == "forked"


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    "fields", [{"old_origin": "somebody.else"}, {"old_size": 299}, {"old_root": "00" * 32}, {"old_size": "300"}]
)
def test_a_restore_that_hides_signed_events_is_a_fork(fields: dict[str, Any]) -> None:
    old = Served(leaves(300))
    assert poll_log(restore(old, 280, **fields), first_state(old)).kind == "forked"


def test_a_new_name_without_a_restore_receipt_is_unknown() -> None:
    old = Served(leaves(300))
    new = restore(old, kept=280)
    new.restored = {}
    assert poll_log(new, first_state(old)).kind == "unknown"
