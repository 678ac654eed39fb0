"""Inclusion proofs verified per second, whole receipts, and leaves added to a tree."""

import hashlib
import random
import time
from collections.abc import Callable
from typing import Final

import psycopg

from placet.devtools.benchmarks.eventlog.read import fill
from placet.devtools.benchmarks.eventlog.row import Row, median
from placet.eventlog.proofs.append_tree import AppendTree
from placet.eventlog.proofs.leaf import Leaf, leaf_bytes
from placet.eventlog.proofs.receipt import Receipt
from placet.eventlog.proofs.signed_note import Signer
from placet.eventlog.proofs.tree import inclusion_proof, leaf_hash, node_hash, root_from_inclusion
from placet.eventlog.proofs.tree_head import TreeHead
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.proofs.verify import verify_receipt

LEAVES: Final = 1 << 17
PROOFS: Final = 5_000
EVENTS: Final = 50_000
RECEIPTS: Final = 500
SIGNER: Final = Signer("bench.invalid", bytes(32))
Other = Callable[[list[bytes], list[int]], Callable[[], object]]
"""(leaves, indexes) -> a call that verifies a proof of each."""
DATA: Final = b'{"text":"' + b"x" * 280 + b'"}'


def verify_rows(dsn: str, rounds: int, report: Callable[[str], None], other: Other | None = None) -> list[Row]:
    """`proofs`: arithmetic alone. `receipts`: whole files with signatures. `leaves`: additions to the tree.

    `other`: another library's verifier, for comparison. The one that we know is under the GPL, so only tests use it.
    """
    report(f"a tree of {LEAVES:,} leaves")
    leaves = [_leaf(n) for n in range(LEAVES)]
    levels = _levels([leaf_hash(leaf) for leaf in leaves])
    root, chance = levels[-1][0], random.Random(1)
    places = [chance.randrange(LEAVES) for _ in range(PROOFS)]
    asked = [(levels[0][n], n, inclusion_proof(lambda h, i: levels[h][i], n, LEAVES)) for n in places]
    theirs = other(leaves, places) if other else None
    rates = []
    for number in range(rounds):
        report(f"verify, round {number + 1} of {rounds}")
        ours = _rate(lambda: [root_from_inclusion(leaf, n, LEAVES, p) == root for leaf, n, p in asked], PROOFS)
        rates.append((ours, _rate(theirs, PROOFS) if theirs else None))
    files = [_receipt(leaves[n], n, proof, root) for _, n, proof in asked[:RECEIPTS]]
    whole = _rate(lambda: [verify_receipt(file, SIGNER.verifier) for file in files], RECEIPTS)
    return [
        _proofs_row(rates),
        Row("whole receipts, signature and all", round(whole), "receipts/s"),
        Row("leaves added to the tree, with their tiles", round(_growing(levels[0])), "leaves/s"),
        *_tree_service(dsn, report),
    ]


def _proofs_row(rates: list[tuple[float, float | None]]) -> Row:
    case, ours = f"inclusion proofs under {LEAVES:,} leaves", round(median([ours for ours, _ in rates]))
    known = [(ours, theirs) for ours, theirs in rates if theirs]
    return Row(
        case, ours, "proofs/s", ">= 20,000/s", judged=True,
        reference=round(median([theirs for _, theirs in known])) if known else None,
        reference_name="pymerkle" if known else "",
        ratio=round(median([ours / theirs for ours, theirs in known]), 3) if known else None,
    )  # fmt: skip


def _tree_service(dsn: str, report: Callable[[str], None]) -> list[Row]:
    """The tree service on a busy log: read, hash, keep tiles, sign. Its own CPU, without PostgreSQL's."""
    if not dsn:
        return []
    with psycopg.connect(dsn, autocommit=True) as connection:
        report(f"writing {EVENTS:,} events for the tree")
        fill(connection, EVENTS)
        service = TreeService(connection, SIGNER)
        begun, cpu = time.perf_counter(), time.process_time()
        while service.run_once():
            pass
        took, used = time.perf_counter() - begun, time.process_time() - cpu
    note = f"{1_000_000 * used / EVENTS:.0f} microseconds of CPU an event"
    return [Row("events read, hashed and signed by the tree service", round(EVENTS / took), "events/s", note=note)]


def _growing(hashes: list[bytes]) -> float:
    tree = AppendTree()
    return _rate(lambda: [list(tree.append(leaf)) for leaf in hashes], len(hashes))


def _leaf(n: int) -> bytes:
    stream, data = f"bench-00000000-0000-4000-8000-{n:012d}", hashlib.sha256(DATA).hexdigest()
    leaf = Leaf(stream[6:], "bench.entry_noted.v1", stream, 1, n + 1, "2030-01-01T00:00:00.000000Z", data, ())
    return leaf_bytes(leaf)


def _levels(hashes: list[bytes]) -> list[list[bytes]]:
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[n], below[n + 1]) for n in range(0, len(below), 2)])
    return levels


def _receipt(leaf: bytes, index: int, proof: list[bytes], root: bytes) -> bytes:
    import json

    note = TreeHead(SIGNER.name, LEAVES, root).signed(SIGNER)
    return json.dumps(Receipt(leaf, DATA, index, tuple(proof), note, "2030-01-01T00:00:00Z").to_json()).encode()


def _rate(work: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)
