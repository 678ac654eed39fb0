"""A person's badge: a pattern in two colours from a hash of the id. It stands in for a face, and shows none."""

from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

CELLS: Final = 6


def pattern(person: str) -> NDArray[np.bool_]:
    """[6, 6], mirrored left to right; true where inked."""
    bits = np.unpackbits(np.frombuffer(sha256(person.encode()).digest(), np.uint8))
    half = bits[: CELLS * CELLS // 2].reshape(CELLS, CELLS // 2).astype(bool)
    return np.concatenate([half, half[:, ::-1]], axis=1)
