"""Upcasters: pure functions that read old versions of an event as the newest; applied on read, never stored."""

import re
from collections.abc import Callable
from typing import Any, Final

Data = dict[str, Any]
UPCASTERS: Final[dict[str, Callable[[Data], Data]]] = {}


def upcast(type_name: str) -> Callable[[Callable[[Data], Data]], Callable[[Data], Data]]:
    """Register the step from this version to the next: `@upcast("likeness.cameo_used.v1")`."""

    def register(step: Callable[[Data], Data]) -> Callable[[Data], Data]:
        UPCASTERS[type_name] = step
        return step

    return register


def newest_name(type_name: str) -> str:
    """Name of the newest version that an event of this type can be read as."""
    while type_name in UPCASTERS:
        type_name = next_name(type_name)
    return type_name


def next_name(type_name: str) -> str:
    """`….v2` for `….v1`."""
    return re.sub(r"\d+$", lambda n: str(int(n[0]) + 1), type_name)


def newest(type_name: str, data: Data) -> tuple[str, Data]:
    """Name of the newest version, and the data in its form."""
    while type_name in UPCASTERS:
        data = UPCASTERS[type_name](data)
        type_name = next_name(type_name)
    return type_name, data
