"""The head of the log that a restore leaves behind: what was signed last, or what the old database still shows."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from placet.config.backup.making import origin_of
from placet.config.home import write_private

ROTATED: Final = re.compile(r"^(?P<base>.*?)(?:/(?P<number>[1-9]\d*))?$")


@dataclass(frozen=True, slots=True)
class OldHead:
    """`size` None: nobody knows."""

    origin: str
    size: int | None
    root: str


def old_head(home: Path, in_database: int | None, backup_origin: str) -> OldHead:
    """The last signed head of this origin, if there is one. It is no part of a backup, and outlives a restore."""
    now = origin_of(home) or backup_origin
    try:
        origin, size, root = (home / "log-head" / "checkpoint").read_text().splitlines()[:3]
        signed = OldHead(origin, max(int(size), in_database or 0), root)
    except (OSError, ValueError):
        return OldHead(now, in_database, "")
    return signed if now in {"", origin} else OldHead(now, in_database, "")


def rotate_origin(home: Path, old: str) -> str:
    """`<old>/2`, `/3`, … from now on. Without an origin there is nothing to rotate."""
    match = ROTATED.match(old)
    if not old or match is None:
        return ""
    new = f"{match['base']}/{int(match['number'] or 1) + 1}"
    place = home / "keys" / "log.origin"
    half = place.with_name(".log.origin.new")
    write_private(half, f"{new}\n".encode())
    half.replace(place)
    return new
