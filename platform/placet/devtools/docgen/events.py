"""`docs/events.md`, generated from the registry: every event that can be in the log, and each of its fields."""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from placet.eventlog.store.event import TYPES, Encrypted, EncryptedFor, EventType
from placet.kernel.verdict import Verdict

HEAD: Final = """# Events

Generated from the rooms' `events.py` by `placet generate-docs`; a test compares the two. Change the docstring, not this
page.

Every fact in the log is one of these. *Encrypted* fields are stored as ciphertext under the key of the subject named
with them, and read `erased` once that key is destroyed; all others are stored unencrypted. Decisions on other streams
can rest on a *serialized* stream.
"""
WIDTH: Final = 120
NOT_OURS: Final = frozenset({"bench", "ledger"})
VERDICT: Final = "A verdict: the fields that all verdicts share, at the end of this page."


def page() -> str:
    """The whole page. The flow names the events of every room, so importing it registers them all."""
    kinds = sorted((k for k in TYPES.values() if k.room not in NOT_OURS), key=lambda k: k.room)
    rooms = [line for room, of_it in groupby(kinds, key=lambda k: k.room) for line in _room(room, list(of_it))]
    verdict = ["## The fields of a verdict", "", _wrapped(described(Verdict)), "", *_fields(Verdict, {}), ""]
    return "\n".join([HEAD, *rooms, *verdict])


def _room(room: str, kinds: list[EventType]) -> Iterator[str]:
    yield f"## {room}\n"
    for kind in kinds:
        serialized = ", serialized" if kind.is_serialized else ""
        yield f"### {kind.name}\n"
        yield _wrapped(f"Stream `{kind.stream_kind}`{serialized}. {described(kind.fact)}") + "\n"
        yield from [VERDICT] if issubclass(kind.fact, Verdict) else _fields(kind.fact, kind.encrypted)
        yield ""


def _fields(fact: type[Any], encrypted: dict[str, str]) -> Iterator[str]:
    described_fields = _descriptions(fact)
    yield "| field | type | |\n|---|---|---|"
    for field in dataclasses.fields(fact):
        note = f"encrypted for `{encrypted[field.name]}`. " if field.name in encrypted else ""
        yield f"| `{field.name}` | {_type(field.type)} | {(note + described_fields.get(field.name, '')).strip()} |"


def _type(hint: Any) -> str:
    marks = [mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, EncryptedFor)]
    if marks and hint.__origin__ == Encrypted:
        return "text"
    words = inspect.formatannotation(hint).replace("placet.kernel.ids.", "").replace("typing.", "")
    return re.sub(r"Optional\[(.*)\]", r"\1 or None", words.replace(" | ", " or "))


def _descriptions(fact: type[Any]) -> dict[str, str]:
    """Each field's own docstring, the text right below it."""
    (body,) = ast.parse(inspect.cleandoc(inspect.getsource(fact))).body
    pairs = zip(getattr(body, "body", []), getattr(body, "body", [])[1:], strict=False)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairs
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def _wrapped(text: str) -> str:
    return textwrap.fill(text.strip(), WIDTH, break_on_hyphens=False, break_long_words=False)


def described(fact: type[Any]) -> str:
    """The class's own docstring; empty where dataclass wrote it."""
    own = fact.__doc__ or ""
    return "" if own.startswith(f"{fact.__name__}(") else " ".join(own.split())
