"""The whole tree once more from the events, against every tile and every head that is kept."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.append_tree import AppendTree, FullTile
from placet.eventlog.proofs.head_file import load_head
from placet.eventlog.proofs.signed_note import InvalidNote, Verifier
from placet.eventlog.proofs.tiles import Tile
from placet.eventlog.proofs.tree_head import TreeHead, verify_head
from placet.eventlog.proofs.tree_store import Connection, SignedHead, every_head, leaf_hashes, read_tile

PAGE: Final = 5_000


@dataclass(slots=True)
class AuditResult:
    """`wrong`: what does not fit, in words; empty where all is as signed."""

    size: int = 0
    tiles: int = 0
    heads: int = 0
    signed: int = 0
    """Size of the largest head."""
    wrong: list[str] = field(default_factory=list)


def audit_log(connection: Connection, verifier: Verifier, place: Path | None = None) -> AuditResult:
    """Reads every event once, page by page. Heads of an older name of this log are checked as well."""
    found, tree = AuditResult(), AppendTree()
    expected = _heads(connection, verifier, place, found)
    while leaves := leaf_hashes(connection, tree.size, PAGE):
        tiles: list[FullTile] = []
        for leaf in leaves:
            tiles += tree.append(leaf)
            _compare(expected.pop(tree.size, set()), tree, found)
        _compare_tiles(connection, tiles, found)
    found.size = tree.size
    found.wrong += [f"truncated: a head over {size} events was signed, {tree.size} are here" for size in expected]
    return found


def _heads(connection: Connection, verifier: Verifier, place: Path | None, found: AuditResult) -> dict[int, set[bytes]]:
    """Size -> the roots that were signed for it: more than one is a fork."""
    expected: dict[int, set[bytes]] = {}
    for signed in every_head(connection):
        found.heads += 1
        found.signed = max(found.signed, signed.head.size)
        found.wrong += _unsound(signed, verifier)
        expected.setdefault(signed.head.size, set()).add(signed.head.root)
    kept = load_head(place) if place else None
    if kept and kept.origin == verifier.name:
        expected.setdefault(kept.size, set()).add(kept.root)
    return expected


def _unsound(signed: SignedHead, verifier: Verifier) -> list[str]:
    try:
        told: TreeHead | None = verify_head(signed.note, Verifier(signed.head.origin, verifier.public))
    except InvalidNote as unsound:
        return [f"the head over {signed.head.size} events: {unsound}"]
    return [] if told == signed.head else [f"the head over {signed.head.size} events is not what its note says"]


def _compare(roots: set[bytes], tree: AppendTree, found: AuditResult) -> None:
    if roots - {tree.root}:
        found.wrong.append(f"rewritten: the first {tree.size} events have another root than the one that was signed")


def _compare_tiles(connection: Connection, tiles: list[FullTile], found: AuditResult) -> None:
    read = partial(read_tile, connection)
    for tile in tiles:
        found.tiles += 1
        if b"".join(read(Tile(tile.level, tile.index))) != tile.hashes:
            found.wrong.append(f"tile {Tile(tile.level, tile.index).address} is not what the events give")
