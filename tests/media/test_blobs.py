import errno
import hashlib
import os
from pathlib import Path

import pytest

from placet.media.blobs import Area, BlobStore
from placet.media.errors import BlobDamaged, BlobMissing, BlobStoreFull

DATA = b"a clip"
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path)


def test_a_blob_is_named_by_its_hash_two_folders_deep(store: BlobStore) -> None:
    blob = store.put(DATA)
    assert (blob.sha256, blob.bytes_count) == (NAME, 6)
    assert store.path(NAME).relative_to(store.root) == Path("quarantine", NAME[:2], NAME[2:4], NAME)
    assert store.read(NAME) == DATA


def test_a_file_is_stored_under_its_hash(store: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(DATA)
    assert store.put_file(tmp_path / "clip.mp4") == store.put(DATA)


@pytest.mark.promise("P1")
def test_what_is_in_quarantine_is_not_released(store: BlobStore) -> None:
    store.put(DATA)
    assert not store.has(NAME, Area.RELEASED)
    with pytest.raises(BlobMissing):
        store.path(NAME, Area.RELEASED)


def test_a_release_adds_the_same_bytes_and_may_be_repeated(store: BlobStore) -> None:
    store.put(DATA)
    assert store.release(NAME) == store.release(NAME)
    assert store.read(NAME, Area.RELEASED) == DATA
    assert store.has(NAME, Area.QUARANTINE)


def test_a_copy_may_be_changed_without_changing_the_blob(store: BlobStore, tmp_path: Path) -> None:
    store.put(DATA)
    store.copy_out(NAME, tmp_path / "copy").write_bytes(b"else")
    assert store.read(NAME) == DATA


def test_changed_bytes_are_not_read_as_the_blob(store: BlobStore) -> None:
    store.put(DATA)
    store.path(NAME).write_bytes(b"b clip")
    with pytest.raises(BlobDamaged, match="backup"):
        store.read(NAME)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1]])
def test_only_a_hash_names_a_file(store: BlobStore, name: str) -> None:
    with pytest.raises(BlobMissing):
        store.path(name)


def test_a_full_disk_gives_a_hint_and_leaves_nothing(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BlobStoreFull, match="free space"):
        store.put(DATA)
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_only_unreferenced_files_are_removed(store: BlobStore) -> None:
    named, unnamed = store.put(b"named"), store.put(b"unnamed")
    half = store.path(unnamed.sha256).with_name(".half-abc")
    half.write_bytes(b"left by a dead process")
    clip, signing = store.root / ".run-1-abc.mp4", store.root / ".sign-abc"
    clip.write_bytes(b"half a clip of a dead worker")
    signing.mkdir()
    (signing / "clip.mp4").write_bytes(b"being signed by a dead process")
    found = store.unreferenced({named.sha256})
    assert {stored.path.name for stored in found} == {".half-abc", unnamed.sha256, clip.name, signing.name}
    assert sum(store.remove(stored) for stored in found) == 1, "a partial file is not a blob"
    assert store.has(named.sha256)
    assert not store.has(unnamed.sha256)
    assert not half.exists() | clip.exists() | signing.exists()


def test_a_blob_that_was_put_again_is_not_removed(store: BlobStore) -> None:
    blob = store.put(DATA)
    os.utime(store.path(NAME), (0, 0))
    (found,) = store.unreferenced(set())
    store.put(DATA)
    assert not store.remove(found)
    assert store.has(blob.sha256)


def test_an_erased_blob_is_gone_from_both_areas(store: BlobStore) -> None:
    store.put(DATA)
    store.release(NAME)
    assert store.erase(NAME)
    assert not store.has(NAME)
    assert not store.erase(NAME)
