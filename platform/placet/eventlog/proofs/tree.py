"""Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs, and their verification (RFC 9162).

Independent of leaf content and storage: `Nodes` returns complete subtrees.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
Nodes = Callable[[int, int], bytes]
"""(height, index) -> hash of the complete subtree of 2**height leaves that begins at leaf index * 2**height."""


class OutsideTree(ValueError):
    """The tree does not have this leaf or size."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """Root of the first `size` leaves."""
    return _subtree(nodes, 0, size) if size else EMPTY_ROOT


def in_memory(hashes: Sequence[bytes]) -> Nodes:
    """Subtrees over a list of leaf hashes, for tiles, tests and small trees."""

    def nodes(height: int, index: int) -> bytes:
        if height == 0:
            return hashes[index]
        return node_hash(nodes(height - 1, 2 * index), nodes(height - 1, 2 * index + 1))

    return nodes


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The sibling hashes on the path from leaf `index` to the root of `size` leaves, lowest first."""
    if not 0 <= index < size:
        raise OutsideTree(f"there is no leaf {index} in a tree of {size}")
    return _inclusion(nodes, index, 0, size)


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Proof that the first `old` of `new` leaves are the tree of size `old`. Empty if both are equal."""
    if not 0 < old <= new:
        raise OutsideTree(f"a tree of {new} does not grow out of one of {old}")
    return _consistency(nodes, old, 0, new, is_whole=True)


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash and its proof lead to; None if the proof has the wrong length."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of size `new` begins with exactly that of size `old`."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(steps) and _roots_from(steps, old - 1, new - 1) == (old_root, new_root)


def _roots_from(steps: Sequence[bytes], node: int, last: int) -> tuple[bytes, bytes] | None:
    """Both roots that a consistency proof leads to; None if it has the wrong length."""
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        node, last = node >> 1, last >> 1
    return (older, newer) if last == 0 else None


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _subtree(nodes: Nodes, start: int, end: int) -> bytes:
    width = end - start
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return nodes(height, start >> height)
    middle = start + _split(width)
    return node_hash(_subtree(nodes, start, middle), _subtree(nodes, middle, end))


def _inclusion(nodes: Nodes, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_inclusion(nodes, index, start, middle), _subtree(nodes, middle, end)]
    return [*_inclusion(nodes, index, middle, end), _subtree(nodes, start, middle)]


def _consistency(nodes: Nodes, old: int, start: int, end: int, *, is_whole: bool) -> list[bytes]:
    if start + old == end:
        return [] if is_whole else [_subtree(nodes, start, end)]
    half = _split(end - start)
    middle = start + half
    if old <= half:
        return [*_consistency(nodes, old, start, middle, is_whole=is_whole), _subtree(nodes, middle, end)]
    return [*_consistency(nodes, old - half, middle, end, is_whole=False), _subtree(nodes, start, middle)]
