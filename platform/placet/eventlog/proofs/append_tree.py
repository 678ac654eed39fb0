"""A tree that grows leaf by leaf: its root in O(log n), and each full tile once, in the moment it fills."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from placet.eventlog.proofs.tiles import HEIGHT, WIDTH
from placet.eventlog.proofs.tree import EMPTY_ROOT, node_hash


@dataclass(frozen=True, slots=True)
class FullTile:
    """256 entries, and the root over them: the entry that they are in the tile above."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(slots=True)
class AppendTree:
    """`edge[level]`: the entries of the last tile of that level, which is not full. `peaks[height]`: its subtrees."""

    size: int = 0
    edge: list[list[bytes]] = field(default_factory=list)
    peaks: list[bytes | None] = field(default_factory=list)

    def append(self, leaf: bytes) -> Iterator[FullTile]:
        """Add one leaf hash. Yields the tiles that are full with it; it must be run to its end."""
        found, height = leaf, 0
        self._push(0, found)
        while height < len(self.peaks) and (left := self.peaks[height]) is not None:
            found, self.peaks[height] = node_hash(left, found), None
            height += 1
            if height % HEIGHT == 0:
                yield self._fill(height // HEIGHT - 1, found)
                self._push(height // HEIGHT, found)
        if height == len(self.peaks):
            self.peaks.append(None)
        self.peaks[height] = found
        self.size += 1

    @property
    def root(self) -> bytes:
        """Root of all leaves so far."""
        found = None
        for peak in self.peaks:
            if peak is not None:
                found = peak if found is None else node_hash(peak, found)
        return found or EMPTY_ROOT

    def _push(self, level: int, entry: bytes) -> None:
        if level == len(self.edge):
            self.edge.append([])
        self.edge[level].append(entry)

    def _fill(self, level: int, tile_root: bytes) -> FullTile:
        hashes, self.edge[level] = b"".join(self.edge[level]), []
        ends_at = (self.size + 1) >> (HEIGHT * (level + 1))
        return FullTile(level, ends_at - 1, hashes, tile_root)


def rebuild_tree(edge: Sequence[Sequence[bytes]]) -> AppendTree:
    """A tree from the entries of the last tiles of each level, lowest first; each must be short of 256."""
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
        found, height = entry, 0
        while (left := peaks[height]) is not None:
            found, peaks[height] = node_hash(left, found), None
            height += 1
        peaks[height] = found
    return peaks
