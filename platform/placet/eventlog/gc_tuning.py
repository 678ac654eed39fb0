"""Garbage collection in processes with many long-lived objects: those that exist at the start are never scanned."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

RARE_THRESHOLDS: Final = (10_000, 20, 50)
"""Python's default thresholds scan all objects every few thousand events, for 0.3 s each time."""


def reduce_gc() -> None:
    """Reduce garbage collection for the rest of this process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARE_THRESHOLDS)


@contextmanager
def reduced_gc() -> Iterator[None]:
    """Reduce garbage collection within this block."""
    default = gc.get_threshold()
    reduce_gc()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*default)
