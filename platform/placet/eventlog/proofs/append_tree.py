"""Append-only tree: root in O(log n), and each full tile once, when it fills."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from placet.eventlog.proofs.tiles import HEIGHT, WIDTH
from placet.eventlog.proofs.tree import EMPTY_ROOT, node_hash


@dataclass(frozen=True, slots=True)
class FullTile:
    """256 entries and their root, which is an entry of the tile above."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(slots=True)
class AppendTree:
    """`edge[level]`: entries of the last, incomplete tile of a level. `peaks[height]`: complete subtrees."""

    size: int = 0
    edge: list[list[bytes]] = field(default_factory=list)
    peaks: list[bytes | None] = field(default_factory=list)

    def append(self, leaf: bytes) -> Iterator[FullTile]:
        """Add one leaf hash. Yields the tiles that it fills; must be exhausted."""
        node, height = leaf, 0
        self._push(0, node)
        while height < len(self.peaks) and (left := self.peaks[height]) is not None:
            node, self.peaks[height] = node_hash(left, node), None
            height += 1
            if height % HEIGHT == 0:
                yield self._fill(height // HEIGHT - 1, node)
                self._push(height // HEIGHT, node)
        if height == len(self.peaks):
            self.peaks.append(None)
        self.peaks[height] = node
        self.size += 1

    @property
    def root(self) -> bytes:
        """Root of all leaves so far."""
        node = None
        for peak in self.peaks:
            if peak is not None:
                node = peak if node is None else node_hash(peak, node)
        return node or EMPTY_ROOT

    def _push(self, level: int, entry: bytes) -> None:
        if level == len(self.edge):
            self.edge.append([])
        self.edge[level].append(entry)

    def _fill(self, level: int, tile_root: bytes) -> FullTile:
        hashes, self.edge[level] = b"".join(self.edge[level]), []
        ends_at = (self.size + 1) >> (HEIGHT * (level + 1))
        return FullTile(level, ends_at - 1, hashes, tile_root)


def rebuild_tree(edge: Sequence[Sequence[bytes]]) -> AppendTree:
    """A tree from the entries of the last tile of each level, lowest first; fewer than 256 each."""
    tree = AppendTree(edge=[list(entries) for entries in edge])
    for level, entries in enumerate(edge):
        if len(entries) >= WIDTH:
            raise ValueError(f"level {level} has {len(entries)} entries that belong into a full tile")
        tree.size += len(entries) << (HEIGHT * level)
        tree.peaks += _peaks(entries)
    return tree


def _peaks(entries: Sequence[bytes]) -> list[bytes | None]:
    """The complete subtrees over a tile's entries, by height."""
    peaks: list[bytes | None] = [None] * HEIGHT
    for entry in entries:
        node, height = entry, 0
        while (left := peaks[height]) is not None:
            node, peaks[height] = node_hash(left, node), None
            height += 1
        peaks[height] = node
    return peaks
