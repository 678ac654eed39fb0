"""`PLACET_HOME/log-head/checkpoint`: the newest head outside the database, for whoever restores an older one.

It is written before the head is committed. Killed between the two, the same head is signed again: it rests on events
alone, and those are there.
"""

import os
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.signed_note import InvalidNote
from placet.eventlog.proofs.tree_head import TreeHead, parse_head_unverified

FOLDER: Final = "log-head"
NAME: Final = "checkpoint"


def head_file(home: Path) -> Path:
    return home / FOLDER / NAME


def write_head(place: Path, note: str) -> None:
    """Whole or not at all."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def load_head(place: Path) -> TreeHead | None:
    """The head that was written last; None before the first. Raises `InvalidNote` for a file that is none."""
    try:
        return parse_head_unverified(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise InvalidNote(f"{place} is not a tree head") from None
