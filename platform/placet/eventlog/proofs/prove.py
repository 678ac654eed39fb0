"""Proofs of the signed log: from its tiles, never beyond the newest head."""

from collections.abc import Callable
from functools import partial

from placet.eventlog.proofs.refusals import NotInTree, NotYetSigned
from placet.eventlog.proofs.tiles import Tile, nodes_from, width_of
from placet.eventlog.proofs.tree import OutsideTree, consistency_proof, inclusion_proof
from placet.eventlog.proofs.tree_store import Connection, SignedHead, newest_head, read_tile


def signed_head(connection: Connection) -> SignedHead:
    """The newest head. Raises `NotYetSigned`."""
    newest = newest_head(connection)
    if newest is None:
        raise NotYetSigned
    return newest


def prove_inclusion(connection: Connection, index: int, size: int) -> list[bytes]:
    """Proof that leaf `index` is in the tree of `size`. Raises `NotInTree`, `NotYetSigned`."""
    return _proved(connection, size, lambda: inclusion_proof(_nodes(connection, size), index, size))


def prove_consistency(connection: Connection, old: int, new: int) -> list[bytes]:
    """Proof that the tree of `new` begins with that of `old`. Raises `NotInTree`, `NotYetSigned`."""
    return _proved(connection, new, lambda: consistency_proof(_nodes(connection, new), old, new))


def tile_content(connection: Connection, tile: Tile) -> bytes:
    """The bytes of a signed tile. Raises `NotInTree`, `NotYetSigned`."""
    size = signed_head(connection).head.size
    if width_of(tile.level, tile.index, size) < tile.width:
        raise NotInTree(f"Tile {tile.address} is not in the tree of {size}.")
    return b"".join(read_tile(connection, tile))


def _proved(connection: Connection, size: int, prove: Callable[[], list[bytes]]) -> list[bytes]:
    signed = signed_head(connection).head.size
    if size > signed:
        raise NotInTree(f"The newest head is over {signed} events.")
    try:
        return prove()
    except OutsideTree as beyond:
        raise NotInTree(f"{str(beyond).capitalize()}.") from None


def _nodes(connection: Connection, size: int) -> Callable[[int, int], bytes]:
    return nodes_from(partial(read_tile, connection), size)
