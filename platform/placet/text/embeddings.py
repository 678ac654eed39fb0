"""Sentence embeddings as a port: the checks see vectors, never the model."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from placet.eventlog.encryption.cache_invalidation import register_cache

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit rows; the same text gives the same row under one `name`."""

    @property
    def name(self) -> str:
        """Model and revision, as verdicts record it."""

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dim], rows of length 1."""


class RecordedEmbedder:
    """Stand-in without a model: returns recorded rows, and for any other text a row derived from its hash.

    For benchmarks and tests only: unrecorded texts are unrelated (cosine 0.00 +- 0.05 at 384), so its rows carry no
    meaning. Its name says so in every verdict.
    """

    def __init__(self, recorded: Mapping[str, Vectors] | None = None, dim: int = 384) -> None:
        self._recorded = {text: unit(row) for text, row in (recorded or {}).items()}
        self.dim = dim
        self.name = f"recorded-no-model-{dim}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [self._recorded[text] if text in self._recorded else self._from_hash(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dim)

    def _from_hash(self, text: str) -> Vectors:
        seed = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return unit(np.random.default_rng(int.from_bytes(seed)).standard_normal(self.dim, dtype=np.float32))


class CachingEmbedder:
    """LRU cache of vectors by text: `size` entries (1.5 KB each at 384); thread-safe."""

    def __init__(self, embedder: Embedder, size: int = 4_096) -> None:
        self._embedder = embedder
        self._size = size
        self._cache: OrderedDict[str, Vectors] = OrderedDict()
        self._cache_lock = threading.Lock()
        self._embed_lock = threading.Lock()
        """Held while the embedder runs; calls for cached texts do not wait for it."""
        register_cache(self)

    def clear(self) -> None:
        """Drops every text and its vector."""
        with self._cache_lock:
            self._cache.clear()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dim(self) -> int:
        return self._embedder.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Sends only uncached texts to the embedder, in one call; concurrent calls for the same text wait for it."""
        known = self._known(texts)
        if len(known) < len(set(texts)):
            with self._embed_lock:
                known |= self._known(texts)  # another thread may have embedded them meanwhile
                missing = [text for text in dict.fromkeys(texts) if text not in known]
                known |= dict(zip(missing, self._embedder.embed(missing), strict=True)) if missing else {}
                self._keep(known)
        return np.array([known[text] for text in texts], dtype=np.float32).reshape(len(texts), self.dim)

    def _known(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._cache_lock:
            found = {text: self._cache[text] for text in texts if text in self._cache}
            for text in found:
                self._cache.move_to_end(text)
        return found

    def _keep(self, rows: Mapping[str, Vectors]) -> None:
        with self._cache_lock:
            self._cache.update(rows)
            while len(self._cache) > self._size:
                self._cache.popitem(last=False)


def unit(row: Vectors) -> Vectors:
    """The row at length 1; a row of zeros stays zeros."""
    length = float(np.linalg.norm(row))
    return np.asarray(row / length if length else row, dtype=np.float32)


def cosine(one: Vectors, other: Vectors) -> float:
    """Cosine of two rows of any length, -1..1; 0 if either is all zeros."""
    return float(np.dot(unit(one), unit(other)))
