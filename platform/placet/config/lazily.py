"""Parts of the wiring that are called by name, so that a small process does not import what it never runs."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any


def named_in(module: str, name: str) -> Any:
    """What `name` stands for in `module`, or None where there is no such module or no such name."""
    if importlib.util.find_spec(module) is None:
        return None
    return getattr(importlib.import_module(module), name, None)


def called(module: str, name: str) -> Callable[[], Any] | None:
    """The function `name` of `module`, or None where there is no such module or no such function."""
    found = named_in(module, name)
    return found if callable(found) else None
