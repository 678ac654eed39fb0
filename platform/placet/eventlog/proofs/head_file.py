"""`PLACET_DATA_DIR/log-head/checkpoint`: the newest tree head outside the database, for restores of an older one.

It is written before the head is committed. After a crash between the two, the same head is signed again: it depends
only on committed events.
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


def write_head(path: Path, note: str) -> None:
    """Write atomically."""
    atomic_write(path, note.encode())


def load_head(path: Path) -> TreeHead | None:
    """The last written head; None before the first. Raises `InvalidNote` if the file is not a tree head."""
    try:
        return parse_head_unverified(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise InvalidNote(f"{path} is not a tree head") from None
