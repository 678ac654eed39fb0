"""Storage of the tree in SQL: leaves read from the log, full tiles, heads. Heads of an origin only grow."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from placet.eventlog.proofs.append_tree import AppendTree, FullTile, rebuild_tree
from placet.eventlog.proofs.leaf import leaf_bytes, leaf_of
from placet.eventlog.proofs.tiles import WIDTH, Tile, hashes_of
from placet.eventlog.proofs.tree import leaf_hash
from placet.eventlog.proofs.tree_head import TreeHead

LEAVES: Final = """
SELECT p.position, e.event_id, e.stream, e.version, e.type, e.recorded_at, sha256(e.data), e.encrypted
FROM eventlog_event_position p JOIN eventlog_event e USING (id) WHERE p.position > %s ORDER BY p.position LIMIT %s
"""
FILL: Final = (
    "INSERT INTO eventlog_tree_tile (level, tile_index, hashes, root) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
FULL: Final = "SELECT hashes FROM eventlog_tree_tile WHERE level = %s AND tile_index = %s"
ROOTS: Final = (
    "SELECT root FROM eventlog_tree_tile WHERE level = %s AND tile_index >= %s AND tile_index < %s ORDER BY tile_index"
)
COUNTS: Final = "SELECT level, max(tile_index) + 1 FROM eventlog_tree_tile GROUP BY level ORDER BY level"
NEWEST: Final = "SELECT origin, size, root, note FROM eventlog_tree_head ORDER BY id DESC LIMIT 1"
SIGN: Final = "INSERT INTO eventlog_tree_head (origin, size, root, note) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
PUBLISH: Final = """
INSERT INTO eventlog_tree_head_published
SELECT id, origin, size, root, note, signed_at FROM eventlog_tree_head ORDER BY id DESC LIMIT 1
ON CONFLICT DO NOTHING
"""
THIN: Final = """
DELETE FROM eventlog_tree_head WHERE id < (SELECT max(id) FROM eventlog_tree_head)
    AND signed_at < clock_timestamp() - make_interval(secs => %s)
"""
EVERY_HEAD: Final = (
    "SELECT origin, size, root, note FROM eventlog_tree_head"
    " UNION SELECT origin, size, root, note FROM eventlog_tree_head_published ORDER BY size"
)
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and its note."""

    head: TreeHead
    note: str


def leaf_hashes(connection: Connection, after: int, at_most: int) -> list[bytes]:
    """Leaf hashes of the events after a position, in order; positions have no gaps."""
    return [leaf_hash(leaf_bytes(leaf_of(row))) for row in _rows(connection, LEAVES, (after, at_most))]


def store_tiles(connection: Connection, tiles: Iterable[FullTile]) -> None:
    """Store each tile once; a second writer would store the same bytes."""
    rows = [(tile.level, tile.index, tile.hashes, tile.root) for tile in tiles]
    if rows:
        with psycopg.Cursor(connection) as cursor:
            cursor.executemany(FILL, rows)


def read_tile(connection: Connection, tile: Tile) -> list[bytes]:
    """The first `width` entries of a tile, full or not; fewer if the log does not have them."""
    if stored := _rows(connection, FULL, (tile.level, tile.index)):
        return hashes_of(bytes(stored[0][0]))[: tile.width]
    first = tile.index * WIDTH
    if tile.level == 0:
        return leaf_hashes(connection, first, tile.width)
    return [bytes(row[0]) for row in _rows(connection, ROOTS, (tile.level - 1, first, first + tile.width))]


def stored_tree(connection: Connection) -> AppendTree:
    """The tree up to the last full tile of level 0; later leaves are read from the log again."""
    counts = dict(_rows(connection, COUNTS, ()))
    edge: list[list[bytes]] = [[]]
    for level in range(len(counts)):
        first = counts.get(level + 1, 0) * WIDTH
        edge.append([bytes(row[0]) for row in _rows(connection, ROOTS, (level, first, counts[level]))])
    return rebuild_tree(edge)


def newest_head(connection: Connection) -> SignedHead | None:
    """The last signed head."""
    rows = _rows(connection, NEWEST, ())
    return _head(rows[0]) if rows else None


def every_head(connection: Connection) -> list[SignedHead]:
    """All stored heads, smallest first."""
    return [_head(row) for row in _rows(connection, EVERY_HEAD, ())]


def store_head(connection: Connection, signed: SignedHead) -> None:
    head = signed.head
    _execute(connection, SIGN, (head.origin, head.size, head.root, signed.note))


def publish_newest(connection: Connection, thin_after_seconds: float) -> None:
    """Keep the newest head for good; delete old unpublished ones."""
    _execute(connection, PUBLISH, ())
    _execute(connection, THIN, (thin_after_seconds,))


def _head(row: tuple[Any, ...]) -> SignedHead:
    return SignedHead(TreeHead(row[0], row[1], bytes(row[2])), row[3])


def _rows(connection: Connection, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(query, parameters, binary=True, prepare=True)
        return cursor.fetchall()


def _execute(connection: Connection, query: str, parameters: tuple[Any, ...]) -> None:
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(query, parameters, prepare=True)
