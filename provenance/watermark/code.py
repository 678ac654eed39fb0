"""Watermark code: words of 64 payload bits, with error correction; a word that is too damaged is refused.

A word is 204 bits of a convolutional code (rate 1/2, constraint length 7, generators 171 and 133 octal, the one of
deep-space links) over payload, 32 keyed check bits and 6 zeros, followed by 52 pilot bits that are always one. Soft
decisions gain about 5 dB over repeating each bit, which is about the loss by recompression.
"""

import hmac
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WORD_BITS: Final = 256
PILOT_BITS: Final = 52
_PAYLOAD_BYTES: Final = 8
_CHECK_BYTES: Final = 4
_MEMORY: Final = 6
_STATES: Final = 1 << _MEMORY
_GENERATORS: Final = (0o171, 0o133)
_INFO_BITS: Final = 8 * (_PAYLOAD_BYTES + _CHECK_BYTES) + _MEMORY


def word_of(payload: int, key: bytes) -> Floats:
    """The word of a 64-bit payload as +1 and -1, shape (256,). Raises `OverflowError` for a longer one."""
    data = payload.to_bytes(_PAYLOAD_BYTES, "big")
    info = np.unpackbits(np.frombuffer(data + _check(data, key), np.uint8))
    outputs, _ = _trellis()
    state, coded = 0, []
    for bit in [*info.tolist(), *[0] * _MEMORY]:
        coded.append(outputs[state, bit])
        state = (state >> 1) | (bit << (_MEMORY - 1))
    return np.concatenate([np.concatenate(coded), np.ones(PILOT_BITS)]).astype(np.float32)


def payload_of(soft: Floats, key: bytes) -> int | None:
    """The payload of a damaged word of real numbers, shape (256,); None unless its check bits match.

    A random word passes once in 2**32.
    """
    data = np.packbits(_most_likely(soft[: 2 * _INFO_BITS].reshape(-1, 2))).tobytes()
    payload, check = data[:_PAYLOAD_BYTES], data[_PAYLOAD_BYTES:]
    return int.from_bytes(payload, "big") if hmac.compare_digest(check, _check(payload, key)) else None


def _check(data: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"placet mark check" + data, "sha256")[:_CHECK_BYTES]


@cache
def _trellis() -> tuple[Floats, NDArray[np.int64]]:
    """Output of each (state, bit) as +1 and -1, shape (64, 2, 2); and the two predecessors of each state, (64, 2)."""
    register = np.arange(_STATES)[:, None] | (np.arange(2)[None, :] << _MEMORY)
    ones = np.stack([_parity(register & generator) for generator in _GENERATORS], axis=-1)
    state = np.arange(_STATES)
    before = ((state << 1) & (_STATES - 1))[:, None] | np.arange(2)[None, :]
    return (2.0 * ones - 1.0).astype(np.float32), before


def _parity(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array(np.bitwise_count(values) & 1, dtype=np.int64)


def _most_likely(pairs: Floats) -> NDArray[np.uint8]:
    """Viterbi: the information bits (without the final zeros) whose word is closest to `pairs`, shape (102, 2)."""
    outputs, before = _trellis()
    bit = np.arange(_STATES) >> (_MEMORY - 1)
    sent = outputs[before, bit[:, None]]
    score = np.full(_STATES, -np.inf)
    score[0] = 0.0
    choices = np.empty((len(pairs), _STATES), dtype=np.int64)
    for step, pair in enumerate(pairs):
        reached = score[before] + sent @ pair
        pick = reached.argmax(axis=1)
        choices[step] = before[np.arange(_STATES), pick]
        score = reached[np.arange(_STATES), pick]
    state, bits = 0, []
    for back in choices[::-1]:
        bits.append(int(bit[state]))
        state = int(back[state])
    return np.array(bits[::-1][: len(pairs) - _MEMORY], dtype=np.uint8)
