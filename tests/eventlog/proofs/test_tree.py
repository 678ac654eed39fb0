"""The tree against published vectors (Certificate Transparency's eight leaves) and another library."""

import random

import pytest
from pymerkle import InmemoryTree, verify_consistency

from placet.eventlog.proofs.append_tree import AppendTree, FullTile, rebuild_tree
from placet.eventlog.proofs.tiles import Tile, TileNotFound, hashes_of, nodes_from, tile_at, width_of
from placet.eventlog.proofs.tree import (
    EMPTY_ROOT,
    OutsideTree,
    consistency_proof,
    in_memory,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    root,
    root_from_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION_5_IN_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CONSISTENCY_6_TO_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
MANY = [leaf_hash(str(n).encode()) for n in range(1_000)]


def test_the_published_roots() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tuple(root(in_memory(HASHES), size).hex() for size in range(1, 9)) == ROOTS


def test_the_published_proofs() -> None:
    nodes = in_memory(HASHES)
    assert [step.hex() for step in inclusion_proof(nodes, 5, 8)] == INCLUSION_5_IN_8
    assert [step.hex() for step in consistency_proof(nodes, 6, 8)] == CONSISTENCY_6_TO_8
    assert [step.hex() for step in consistency_proof(nodes, 2, 5)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


@pytest.mark.promise("P5")
def test_another_library_gives_the_same_roots_and_paths() -> None:
    """Its consistency proofs go down to single leaves, RFC 6962 stops at a subtree: there roots are compared."""
    chance, other = random.Random(1), InmemoryTree(algorithm="sha256")
    for n in range(1_000):
        other.append_entry(str(n).encode())
    nodes = in_memory(MANY)
    for size in [*range(1, 70), *(chance.randrange(70, 1_001) for _ in range(60))]:
        assert other.get_root(size) == root(nodes, size)
        index, old = chance.randrange(size), chance.randrange(size) + 1
        assert other.prove_inclusion(index + 1, size).path[1:] == inclusion_proof(nodes, index, size)
        steps = consistency_proof(nodes, old, size)
        assert is_consistent(old, root(nodes, old), size, root(nodes, size), steps)
        verify_consistency(root(nodes, old), root(nodes, size), other.prove_consistency(old, size))


@pytest.mark.promise("P5")
def test_all_proofs_of_small_trees_hold_and_changed_ones_fail() -> None:
    nodes = in_memory(MANY)
    for size in range(1, 40):
        whole = root(nodes, size)
        for index in range(size):
            steps = inclusion_proof(nodes, index, size)
            assert root_from_inclusion(MANY[index], index, size, steps) == whole
            assert root_from_inclusion(MANY[index], index + 1, size, steps) != whole
            assert root_from_inclusion(MANY[index], index, size, [*steps, whole]) != whole
            assert not steps or root_from_inclusion(MANY[index], index, size, steps[:-1]) != whole
        for old in range(1, size + 1):
            steps, before = consistency_proof(nodes, old, size), root(nodes, old)
            assert is_consistent(old, before, size, whole, steps)
            assert not is_consistent(old, MANY[0] if old > 1 else MANY[1], size, whole, steps)
            assert not is_consistent(old, before, size, MANY[-1], steps)
            assert not is_consistent(old, before, size, whole, [*steps, whole])
            assert not steps or not is_consistent(old, before, size, whole, steps[1:])


def test_a_growing_tree_has_correct_roots_and_yields_each_tile_once() -> None:
    nodes, tree = in_memory(MANY), AppendTree()
    tiles: list[FullTile] = []
    for size, leaf in enumerate(MANY, 1):
        tiles += tree.append(leaf)
        assert (tree.size, tree.root) == (size, root(nodes, size))
        assert rebuild_tree(tree.edge).root == tree.root
    assert [(tile.level, tile.index) for tile in tiles] == [(0, 0), (0, 1), (0, 2)]
    assert all(hashes_of(tile.hashes) == MANY[tile.index * 256 : tile.index * 256 + 256] for tile in tiles)
    assert all(tile.root == nodes(8, tile.index) for tile in tiles)


def test_a_tile_of_the_next_level_fills_after_65536_leaves() -> None:
    tree, leaf = AppendTree(), MANY[0]
    tiles: list[FullTile] = []
    for _ in range(65_536):
        tiles += tree.append(leaf)
    assert [(tile.level, tile.index) for tile in tiles[-2:]] == [(0, 255), (1, 0)]
    assert tiles[-1].root == tree.root
    assert [len(entries) for entries in tree.edge] == [0, 0, 1]


def test_proofs_from_tiles_are_those_of_the_leaves() -> None:
    tree, tiles = AppendTree(), {}
    for leaf in MANY:
        tiles.update({(t.level, t.index): hashes_of(t.hashes) for t in tree.append(leaf)})

    def read(tile: Tile) -> list[bytes]:
        return tiles.get((tile.level, tile.index), tree.edge[tile.level])[: tile.width]

    for size in (1, 255, 256, 257, 511, 512, 700, 1_000):
        nodes, plain = nodes_from(read, size), in_memory(MANY)
        assert root(nodes, size) == root(plain, size)
        for index in {0, size // 2, size - 1}:
            assert inclusion_proof(nodes, index, size) == inclusion_proof(plain, index, size)
            assert consistency_proof(nodes, index + 1, size) == consistency_proof(plain, index + 1, size)


def test_a_proof_beyond_the_tree_is_refused() -> None:
    with pytest.raises(OutsideTree):
        inclusion_proof(in_memory(HASHES), 8, 8)
    with pytest.raises(OutsideTree):
        consistency_proof(in_memory(HASHES), 0, 8)


def test_addresses_of_tiles_are_as_specified() -> None:
    assert Tile(0, 1_234_067).address == "0/x001/x234/067"
    assert Tile(1, 0, 17).address == "1/000.p/17"
    assert [width_of(level, 0 if level else 273, 70_000) for level in (0, 2)] == [112, 1]
    assert width_of(1, 1, 70_000) == 17
    for tile in (Tile(0, 1_234_067), Tile(1, 0, 17), Tile(2, 999, 255)):
        assert tile_at(tile.address) == tile


@pytest.mark.parametrize(
    "address",
    ["", "0", "0/0", "0/0000", "00/000", "0/x000/000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "9/000", "0/001/002",
     "entries/000", "-1/000", "0/000/", "0/\u0660\u0660\u0660", "0/" + "x001/" * 40 + "000"],
)  # fmt: skip
def test_malformed_tile_addresses_are_refused(address: str) -> None:
    with pytest.raises(TileNotFound):
        tile_at(address)
