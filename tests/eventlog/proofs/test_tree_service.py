"""The tree service over a real log: it survives kills and a second instance, and signs no contradiction."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from placet.eventlog.polling import wait_until
from placet.eventlog.proofs import tree_service as service_module
from placet.eventlog.proofs.audit import audit_log
from placet.eventlog.proofs.head_file import load_head, write_head
from placet.eventlog.proofs.prove import prove_consistency, prove_inclusion, signed_head, tile_content
from placet.eventlog.proofs.refusals import NotInTree, NotYetSigned
from placet.eventlog.proofs.signed_note import Signer
from placet.eventlog.proofs.tiles import Tile, width_of
from placet.eventlog.proofs.tree import in_memory, is_consistent, root, root_from_inclusion
from placet.eventlog.proofs.tree_head import verify_head
from placet.eventlog.proofs.tree_service import HistoryChanged
from placet.eventlog.proofs.tree_store import every_head, leaf_hashes, newest_head, read_tile
from tests.eventlog.proofs.tree_building import SIGNER, catch_up, grow, tree_service


@pytest.fixture
def connection(fresh_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        yield connection


@pytest.mark.promise("P5")
def test_a_head_covers_every_event_and_proves_each_leaf(connection: psycopg.Connection) -> None:
    size = grow(connection, 1_200)
    catch_up(tree_service(connection))
    signed = signed_head(connection)
    head = verify_head(signed.note, SIGNER.verifier)
    assert head == signed.head
    assert head.size == size
    leaves = leaf_hashes(connection, 0, size)
    assert head.root == root(in_memory(leaves), size)
    for index in random.Random(2).sample(range(size), 60):
        proof = prove_inclusion(connection, index, size)
        assert root_from_inclusion(leaves[index], index, size, proof) == head.root
    for old in (1, 255, 256, 257, 1_000, size):
        before = root(in_memory(leaves), old)
        assert is_consistent(old, before, size, head.root, prove_consistency(connection, old, size))


@pytest.mark.promise("P5")
def test_tiles_equal_those_recomputed_from_the_events(connection: psycopg.Connection) -> None:
    grow(connection, 1_000)
    size = connection.execute("SELECT max(position) FROM eventlog_event_position").fetchone()[0]  # type: ignore[index]
    catch_up(tree_service(connection))
    leaves = in_memory(leaf_hashes(connection, 0, size))
    chance = random.Random(3)
    for at in [1, 255, 256, 257, 512, size, *(chance.randrange(1, size) for _ in range(20))]:
        for level in (0, 1):
            for index in range(-(-(at >> (8 * level)) // 256)):
                tile = Tile(level, index, width_of(level, index, at))
                expected = [leaves(8 * level, index * 256 + n) for n in range(tile.width)]
                assert read_tile(connection, tile) == expected
                assert tile_content(connection, tile) == b"".join(expected)


def test_no_proof_goes_beyond_the_newest_head(connection: psycopg.Connection) -> None:
    with pytest.raises(NotYetSigned):
        signed_head(connection)
    size = grow(connection, 50)
    catch_up(tree_service(connection))
    grow(connection, 50, seed=2)
    for prove in (
        lambda: prove_inclusion(connection, 0, size + 1),
        lambda: prove_inclusion(connection, size, size),
        lambda: prove_consistency(connection, 0, size),
        lambda: tile_content(connection, Tile(0, 0, size + 1)),
        lambda: tile_content(connection, Tile(1, 0, 1)),
    ):
        with pytest.raises(NotInTree):
            prove()


@pytest.mark.promise("P5")
@pytest.mark.parametrize("step", ["store_tiles", "write_head", "store_head", "publish_newest", "leaf_hashes"])
def test_after_a_kill_at_any_step_the_next_continues(
    connection: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "checkpoint"
    grow(connection, 300)
    catch_up(tree_service(connection, path))
    before = signed_head(connection).head
    size = grow(connection, 400, seed=2)
    with monkeypatch.context() as killed:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        killed.setattr(service_module, step, die)
        with pytest.raises(KeyboardInterrupt):
            tree_service(connection, path).run_once()
    assert signed_head(connection).head == before, "the pass is rolled back"
    catch_up(tree_service(connection, path))
    head = signed_head(connection).head
    assert (head.size, head.root) == (size, root(in_memory(leaf_hashes(connection, 0, size)), size))
    assert load_head(path) == head
    proof = prove_consistency(connection, before.size, size)
    assert is_consistent(before.size, before.root, size, head.root, proof)


@pytest.mark.promise("P5")
def test_two_services_at_once_sign_one_history(fresh_database: str, connection: psycopg.Connection) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as other:
        one, two = tree_service(connection), tree_service(other)
        for seed in range(6):
            grow(connection, 150, seed=seed)
            (one, two)[seed % 2].run_once()
            (two, one)[seed % 3 > 0].run_once()
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (service_module.LOCK_KEY,))
            assert two.run_once() == 0, "another service has the lock"
        catch_up(two)
    size = signed_head(connection).head.size
    leaves = in_memory(leaf_hashes(connection, 0, size))
    heads = every_head(connection)
    assert len(heads) >= 3
    assert all(signed.head.root == root(leaves, signed.head.size) for signed in heads)


@pytest.mark.promise("P5")
def test_no_head_is_signed_over_a_rewritten_or_truncated_log(
    connection: psycopg.Connection, owner_dsn: str, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint"
    size = grow(connection, 100)
    catch_up(tree_service(connection, path))
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE eventlog_event DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE eventlog_event SET data = data || ' '"
            " WHERE id = (SELECT id FROM eventlog_event_position WHERE position = 7)"
        )
    grow(connection, 5, seed=9)
    with pytest.raises(HistoryChanged, match="rewritten"):
        tree_service(connection, path).run_once()
    assert signed_head(connection).head.size == size
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("ALTER TABLE eventlog_event_position DISABLE TRIGGER USER")
        owner.execute("DELETE FROM eventlog_event_position WHERE position > 50")
    with pytest.raises(HistoryChanged, match="truncated"):
        tree_service(connection, path).run_once()


def test_an_older_database_is_not_signed_under_its_old_name(connection: psycopg.Connection, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    write_head(path, SIGNER.signed(f"{SIGNER.name}\n5000\n{'A' * 43}=\n"))
    grow(connection, 40)
    with pytest.raises(HistoryChanged, match="truncated"):
        tree_service(connection, path).run_once()
    again = Signer(f"{SIGNER.name}/2", SIGNER.seed)
    catch_up(tree_service(connection, path, again))
    newest = newest_head(connection)
    assert newest is not None
    assert newest.head.origin == again.name


def test_the_database_refuses_changes_of_tiles_and_published_heads(connection: psycopg.Connection) -> None:
    grow(connection, 300)
    catch_up(tree_service(connection))
    assert connection.execute("SELECT count(*) FROM eventlog_tree_head_published").fetchone() == (1,)
    for change in (
        "UPDATE eventlog_tree_tile SET tile_index = 9",
        "DELETE FROM eventlog_tree_tile",
        "DELETE FROM eventlog_tree_head_published",
        "UPDATE eventlog_tree_head SET size = 1",
        "TRUNCATE eventlog_tree_tile",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change)


@pytest.mark.promise("P5")
@pytest.mark.promise("P6")
@pytest.mark.processes
def test_killed_services_leave_one_history(fresh_database: str, connection: psycopg.Connection, tmp_path: Path) -> None:
    path, chance = tmp_path / "checkpoint", random.Random(11)
    for begun in range(8):
        running, before = [_started(fresh_database, path) for _ in range(2)], len(every_head(connection))
        for seed in range(5):
            grow(connection, 80, seed=10 * begun + seed)
            time.sleep(0.05 * chance.random())
        wait_until(lambda seen=before: len(every_head(connection)) > seen, lambda: time.sleep(0.01), 120)  # type: ignore[misc]  # the loop's own value
        for seed in range(5, 8):
            grow(connection, 80, seed=10 * begun + seed)
        for process in running:
            process.kill()
            process.wait()
    catch_up(tree_service(connection, path))
    found = audit_log(connection, SIGNER.verifier, path)
    assert found.wrong == []
    assert found.size == found.signed >= 3_200
    assert found.heads > 8, "they signed while they lived"
    assert found.tiles == found.size // 256


def _started(dsn: str, path: Path) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "tests.eventlog.proofs.tree_service_process", dsn, str(path)]
    root = Path(__file__).parents[3]
    return subprocess.Popen(words, cwd=root, env={**os.environ, "PYTHONPATH": f"{root / 'platform'}:{root}"})
