"""`PLACET_DATA_DIR/log-head/checkpoint`: the newest head outside the database, for whoever restores an older one.

It is written before the head is committed. Killed between the two, the same head is signed again: it rests on events
alone, and those are there.
"""

from pathlib import Path
from typing import Final

from placet.eventlog.proofs.signed_note import InvalidNote
from placet.eventlog.proofs.tree_head import TreeHead, parse_head_unverified
from placet.kernel.files import atomic_write

FOLDER: Final = "log-head"
NAME: Final = "checkpoint"


def head_file(home: Path) -> Path:
    return home / FOLDER / NAME


def write_head(place: Path, note: str) -> None:
    """Whole or not at all."""
    atomic_write(place, note.encode())


def load_head(place: Path) -> TreeHead | None:
    """The head that was written last; None before the first. Raises `InvalidNote` for a file that is none."""
    try:
        return parse_head_unverified(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise InvalidNote(f"{place} is not a tree head") from None
