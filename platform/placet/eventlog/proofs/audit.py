"""Audit: recompute the whole tree from the events and compare every stored tile and tree head."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.append_tree import AppendTree, FullTile
from placet.eventlog.proofs.head_file import load_head
from placet.eventlog.proofs.signed_note import InvalidNote, Verifier
from placet.eventlog.proofs.tiles import Tile
from placet.eventlog.proofs.tree_head import verify_head
from placet.eventlog.proofs.tree_store import Connection, SignedHead, every_head, leaf_hashes, read_tile

PAGE: Final = 5_000


@dataclass(slots=True)
class AuditResult:
    """`wrong`: the contradictions, in words; empty if everything is as signed."""

    size: int = 0
    tiles: int = 0
    heads: int = 0
    signed: int = 0
    """Size of the largest head."""
    wrong: list[str] = field(default_factory=list)


def audit_log(connection: Connection, verifier: Verifier, path: Path | None = None) -> AuditResult:
    """Reads every event once, page by page. Also checks heads of older names of this log."""
    result, tree = AuditResult(), AppendTree()
    expected = _heads(connection, verifier, path, result)
    while leaves := leaf_hashes(connection, tree.size, PAGE):
        tiles: list[FullTile] = []
        for leaf in leaves:
            tiles += tree.append(leaf)
            _compare(expected.pop(tree.size, set()), tree, result)
        _compare_tiles(connection, tiles, result)
    result.size = tree.size
    result.wrong += [f"truncated: a head over {size} events was signed, {tree.size} are here" for size in expected]
    return result


def _heads(connection: Connection, verifier: Verifier, path: Path | None, result: AuditResult) -> dict[int, set[bytes]]:
    """Size -> the roots signed for it: more than one is a fork."""
    expected: dict[int, set[bytes]] = {}
    for signed in every_head(connection):
        result.heads += 1
        result.signed = max(result.signed, signed.head.size)
        result.wrong += _check_note(signed, verifier)
        expected.setdefault(signed.head.size, set()).add(signed.head.root)
    saved = load_head(path) if path else None
    if saved and saved.origin == verifier.name:
        expected.setdefault(saved.size, set()).add(saved.root)
    return expected


def _check_note(signed: SignedHead, verifier: Verifier) -> list[str]:
    try:
        head = verify_head(signed.note, Verifier(signed.head.origin, verifier.public))
    except InvalidNote as invalid:
        return [f"the head over {signed.head.size} events: {invalid}"]
    return [] if head == signed.head else [f"the head over {signed.head.size} events is not what its note says"]


def _compare(roots: set[bytes], tree: AppendTree, result: AuditResult) -> None:
    if roots - {tree.root}:
        result.wrong.append(f"rewritten: the first {tree.size} events do not have the root that was signed")


def _compare_tiles(connection: Connection, tiles: list[FullTile], result: AuditResult) -> None:
    read = partial(read_tile, connection)
    for tile in tiles:
        result.tiles += 1
        if b"".join(read(Tile(tile.level, tile.index))) != tile.hashes:
            result.wrong.append(f"tile {Tile(tile.level, tile.index).address} does not match the events")
