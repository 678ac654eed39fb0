"""Blob store: content-addressed files, named by the SHA-256 of their bytes.

Two areas: no URL reaches `quarantine`; only `released` is served. The blob is written before its event: garbage
collection removes a blob that no event names.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from placet.kernel.files import atomic_write_with
from placet.media.errors import BlobDamaged, BlobMissing, BlobStoreFull

_NAME: Final = re.compile(r"[0-9a-f]{64}")
_PARTIAL: Final = (".run-*", ".sign-*")
"""Partial files of workers and signers, at the root."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Area(StrEnum):
    QUARANTINE = "quarantine"
    RELEASED = "released"


@dataclass(frozen=True)
class Blob:
    sha256: str
    bytes_count: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store, and when it was last put there (ns); putting it again changes that."""

    path: Path
    put_at: int


class BlobStore:
    """A folder of blobs. Safe for many processes at once: a blob appears whole, under its final name, or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes, area: Area = Area.QUARANTINE) -> Blob:
        """Stores the bytes durably. Raises `BlobStoreFull`, and then nothing was kept."""
        blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
        self._keep(blob, area, lambda file: file.write(data))
        return blob

    def put_file(self, source: Path, area: Area = Area.QUARANTINE) -> Blob:
        """Stores a copy of a file. Raises `BlobStoreFull`; `BlobDamaged` if it changed while it was read."""
        with source.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()
            blob = Blob(name, file.tell())
            file.seek(0)
            self._keep(blob, area, lambda kept: shutil.copyfileobj(file, kept, 1 << 20))
        return blob

    def path(self, sha256: str, area: Area | None = None) -> Path:
        """The blob's path in that area, or in either: read only. Raises `BlobMissing`."""
        for place in self._paths(sha256, area):
            if place.is_file():
                return place
        raise BlobMissing(f"No blob {sha256}.")

    def has(self, sha256: str, area: Area | None = None) -> bool:
        return any(place.is_file() for place in self._paths(sha256, area))

    def read(self, sha256: str, area: Area | None = None) -> bytes:
        """All bytes, checked against the hash. Raises `BlobMissing`, `BlobDamaged`."""
        data = self.path(sha256, area).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BlobDamaged(f"Blob {sha256}.")
        return data

    def copy_out(self, sha256: str, to: Path, area: Area | None = None) -> Path:
        """Writes a copy that may be changed. Raises `BlobMissing`, `BlobStoreFull`."""
        source = self.path(sha256, area)
        with _disk_may_be_full(sha256):
            return shutil.copyfile(source, to)

    def release(self, sha256: str) -> Path:
        """Links the blob into `released`, without a copy. Raises `BlobMissing`."""
        source = self.path(sha256)
        place = self._path(sha256, Area.RELEASED)
        with _disk_may_be_full(sha256), suppress(FileExistsError):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.hardlink_to(source)
        return place

    def erase(self, sha256: str, area: Area | None = None) -> bool:
        """Removes the blob from that area, or from both. True if there was one."""
        there = [place for place in self._paths(sha256, area) if place.is_file()]
        for place in there:
            place.unlink(missing_ok=True)
        return bool(there)

    def unreferenced(self, named: Container[str]) -> set[StoredFile]:
        """Blobs outside `named`, and partial files. An event that names one may still be on its way."""
        found = set()
        for file in chain(self.root.glob("*/??/??/*"), self.partial_files()):
            with suppress(FileNotFoundError):
                if file.name not in named:
                    found.add(StoredFile(file, file.stat().st_mtime_ns))
        return found

    def partial_files(self) -> Iterator[Path]:
        """Partial files and folders of running and of dead processes."""
        return chain.from_iterable(self.root.glob(pattern) for pattern in _PARTIAL)

    def remove(self, stored: StoredFile) -> bool:
        """Removes an unreferenced file unless it was put again since. True if it was a whole blob."""
        with suppress(FileNotFoundError):
            if stored.path.stat().st_mtime_ns == stored.put_at:
                remove_any(stored.path)
                return _NAME.fullmatch(stored.path.name) is not None
        return False

    def _paths(self, sha256: str, area: Area | None) -> list[Path]:
        return [self._path(sha256, one) for one in ([area] if area else Area)]

    def _path(self, sha256: str, area: Area) -> Path:
        if not _NAME.fullmatch(sha256):
            raise BlobMissing(f"{sha256!r} is not a SHA-256.")
        return self.root / area / sha256[:2] / sha256[2:4] / sha256

    def _keep(self, blob: Blob, area: Area, write: Callable[[BinaryIO], object]) -> None:
        place = self._path(blob.sha256, area)
        with suppress(FileNotFoundError):
            os.utime(place)  # a fresh time, so that garbage collection spares it
            if place.stat().st_size == blob.bytes_count:
                return
        with _disk_may_be_full(blob.sha256):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(place, blob.bytes_count, write)


def remove_any(place: Path) -> None:
    """Removes a file or a whole folder. Raises FileNotFoundError."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()


def _write_whole(place: Path, bytes_count: int, write: Callable[[BinaryIO], object]) -> None:
    def verify(written: Path) -> None:
        if written.stat().st_size != bytes_count:
            raise BlobDamaged(f"{place.name} changed while it was read.")

    atomic_write_with(place, write, verify=verify, prefix=".half-")


@contextmanager
def _disk_may_be_full(sha256: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise BlobStoreFull(f"Blob {sha256} was not kept.") from error
        raise
