"""Python's collector in processes that hold much for long: what is there when they begin is never looked through."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = (10_000, 20, 50)
"""Python's usual thresholds look through all that is held after every few thousand events, for 0.3 s each time."""


def reduce_gc() -> None:
    """From now on, in this process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@contextmanager
def reduced_gc() -> Iterator[None]:
    """Within this block, and the usual way after it."""
    usual = gc.get_threshold()
    reduce_gc()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)
