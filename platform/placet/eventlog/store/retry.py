"""Retries after conflicts: the whole command runs again, with load, decide and append."""

import functools
import random
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from placet.eventlog.store.errors import Conflict, PreconditionFailed, WrongExpectedVersion

P = ParamSpec("P")
R = TypeVar("R")
TRIES: Final = 6


def retried(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command again when another writer was first. Raises the last conflict."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(TRIES):
            try:
                return command(*args, **kwargs)
            except (Conflict, PreconditionFailed, WrongExpectedVersion):
                if attempt == TRIES - 1:
                    raise
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
        raise AssertionError("unreachable")

    return run
