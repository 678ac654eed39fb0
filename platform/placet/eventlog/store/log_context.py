"""What a log line is about, and how an error is told in it: by ids, types and places, never by what people wrote."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

ABOUT: Final[ContextVar[str]] = ContextVar("about", default="")
"""The correlation id of the event, or the id of the request, that is being answered."""


@contextmanager
def log_context(correlation_id: object) -> Iterator[None]:
    """Every log line written inside carries this id."""
    token = ABOUT.set(str(correlation_id or ""))
    try:
        yield
    finally:
        ABOUT.reset(token)


def error_location(error: BaseException) -> str:
    """`ValueError at consumers.py:33`: the type and the last line. Its text may quote what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
