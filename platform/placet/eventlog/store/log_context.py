"""Context of log lines: ids, types and locations, never what people wrote."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

ABOUT: Final[ContextVar[str]] = ContextVar("about", default="")
"""The correlation id of the event, or the id of the request, that is being processed."""


@contextmanager
def log_context(correlation_id: object) -> Iterator[None]:
    """Every log line written inside has this id."""
    token = ABOUT.set(str(correlation_id or ""))
    try:
        yield
    finally:
        ABOUT.reset(token)


def error_location(error: BaseException) -> str:
    """`ValueError at consumers.py:33`: type and last frame. The text is left out: it may quote what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    location = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{location}"
