"""Vector index: unit rows by key, compared with a vector in one product."""

from collections.abc import Hashable
from typing import Generic, TypeVar

import numpy as np

from placet.text.embeddings import Vectors

Key = TypeVar("Key", bound=Hashable)


class VectorIndex(Generic[Key]):
    """Setting and dropping a row is O(1): the matrix doubles when full, and the last row moves into a gap."""

    def __init__(self, dim: int) -> None:
        self._matrix = np.zeros((16, dim), dtype=np.float32)
        self._keys: list[Key] = []
        self._place: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def set(self, key: Key, row: Vectors) -> None:
        if key not in self._place:
            self._place[key] = len(self._keys)
            self._keys.append(key)
        if len(self._keys) > len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
        self._matrix[self._place[key]] = row

    def drop(self, key: Key) -> None:
        """Drops the row, if there is one."""
        if (gap := self._place.pop(key, None)) is None:
            return
        last = self._keys.pop()
        if last != key:
            self._matrix[gap] = self._matrix[len(self._keys)]
            self._keys[gap] = last
            self._place[last] = gap

    def nearest(self, vector: Vectors, min_cosine: float) -> list[tuple[Key, float]]:
        """Keys whose cosine with the unit `vector` [dim] is at least `min_cosine`, nearest first."""
        cosines = self._matrix[: len(self._keys)] @ vector
        places = np.flatnonzero(cosines >= min_cosine)
        return sorted(((self._keys[i], float(cosines[i])) for i in places), key=lambda pair: -pair[1])
