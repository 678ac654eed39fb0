"""Sentence vectors as a port: the checks know rows of numbers, never the model behind them."""

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
    """Not a model. Answers recorded rows, and for any other text a row derived from its hash.

    For benches and tests only: two texts without a record are as unlike as chance makes them (cosine 0.00 +- 0.05 at
    384), so nothing about meaning follows from its answers. Its name says so wherever a verdict records it.
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
    """One vector per text for all who ask: the last `size` are kept (1.5 KB each at 384); safe between threads."""

    def __init__(self, embedder: Embedder, size: int = 4_096) -> None:
        self._embedder = embedder
        self._size = size
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._looking = threading.Lock()
        self._embedding = threading.Lock()
        """Held while the embedder works: who asks for what is kept already need not wait for it."""
        register_cache(self)

    def clear(self) -> None:
        """Drop every text and its vector."""
        with self._looking:
            self._kept.clear()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dim(self) -> int:
        return self._embedder.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Only texts not kept reach the embedder, in one call; who asks for the same at the same time waits for it."""
        known = self._known(texts)
        if len(known) < len(set(texts)):
            with self._embedding:
                known |= self._known(texts)  # what somebody else has asked for meanwhile
                missing = [text for text in dict.fromkeys(texts) if text not in known]
                known |= dict(zip(missing, self._embedder.embed(missing), strict=True)) if missing else {}
                self._keep(known)
        return np.array([known[text] for text in texts], dtype=np.float32).reshape(len(texts), self.dim)

    def _known(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._looking:
            found = {text: self._kept[text] for text in texts if text in self._kept}
            for text in found:
                self._kept.move_to_end(text)
        return found

    def _keep(self, rows: Mapping[str, Vectors]) -> None:
        with self._looking:
            self._kept.update(rows)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


def unit(row: Vectors) -> Vectors:
    """The row at length 1; a row of zeros stays zeros."""
    length = float(np.linalg.norm(row))
    return np.asarray(row / length if length else row, dtype=np.float32)


def cosine(one: Vectors, other: Vectors) -> float:
    """Of two rows of any length, -1..1; 0 where one of them is all zeros."""
    return float(np.dot(unit(one), unit(other)))
