"""C2SP tlog-tiles: addresses of tiles, and subtrees read from tiles."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from placet.eventlog.proofs.tree import HASH_BYTES, Nodes, OutsideTree, in_memory

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
ADDRESS: Final = re.compile(
    r"(?P<level>0|[1-9]\d?)/(?P<index>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?", re.ASCII
)


class TileNotFound(ValueError):
    """The address names no tile."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`width` hashes (256 if full) of level `level`, from entry `index` * 256."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def address(self) -> str:
        """`<level>/<index in groups of three>[.p/<width>]`."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"{self.level}/{'/'.join(reversed(groups))}{partial}"


def tile_at(address: str) -> Tile:
    """The tile that an address names. Raises `TileNotFound`."""
    match = ADDRESS.fullmatch(address)
    if match is None or len(address) > 60:
        raise TileNotFound(f"{address[:80]!r} is not a tile")
    index = int(match["index"].replace("/", "").replace("x", ""))
    tile = Tile(int(match["level"]), index, int(match["width"] or WIDTH))
    if tile.address != address or tile.level >= 8 or index >= 1 << 48:
        raise TileNotFound(f"{address[:80]!r} is not a tile of this log")
    return tile


def width_of(level: int, index: int, size: int) -> int:
    """Number of entries of a tile in a tree of `size` leaves; 0 if it does not exist yet."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def hashes_of(content: bytes) -> list[bytes]:
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def nodes_from(read: Callable[[Tile], list[bytes]], size: int) -> Nodes:
    """Subtrees of a tree of `size` leaves, from its tiles. Each tile is read once."""

    @cache
    def entries(level: int, index: int) -> list[bytes]:
        tile = Tile(level, index, width_of(level, index, size))
        found = read(tile) if tile.width else []
        if len(found) < tile.width or not tile.width:
            raise OutsideTree(f"tile {tile.address} is not in a tree of {size}")
        return found

    def nodes(height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        first = index << above
        hashes = entries(level, first // WIDTH)
        at = first % WIDTH
        if at + (1 << above) > len(hashes):
            raise OutsideTree(f"the subtree {index} of height {height} is not complete in a tree of {size}")
        return in_memory(hashes[at : at + (1 << above)])(above, 0)

    return nodes
