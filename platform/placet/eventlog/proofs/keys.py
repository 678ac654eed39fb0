"""The log's own key and name: made once per install, in `PLACET_HOME/keys`."""

import os
import re
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.note import Signer, Verifier

KEY_FILE: Final = "log.key"
ORIGIN_FILE: Final = "log.origin"
NUMBERED: Final = re.compile(r"(?P<first>.+?)/(?P<number>[2-9]|[1-9]\d+)")


class LogKeyMissing(RuntimeError):
    """This install has no key for its log. Run `make setup`; after a restore, put `keys/` back first."""


def install_signer(home: Path) -> Signer:
    """Signs this install's tree heads. Raises `LogKeyMissing`."""
    try:
        return Signer(origin(home), (home / "keys" / KEY_FILE).read_bytes())
    except FileNotFoundError as missing:
        raise LogKeyMissing(f"{missing.filename} is missing. Run `make setup` to make this install's keys.") from None


def install_verifier(home: Path) -> Verifier:
    """What strangers verify with. Raises `LogKeyMissing`."""
    return install_signer(home).verifier


def origin(home: Path) -> str:
    """The name of this log."""
    return (home / "keys" / ORIGIN_FILE).read_text().strip()


def next_origin(home: Path, last: str) -> str:
    """Open a new name for the log: `…/2` after `…`, `…/3` after `…/2`. Called by a restore, which lost positions.

    Under the old name no head is signed any more: two heads of one size would be a fork.
    """
    opened = after(last)
    place = home / "keys" / ORIGIN_FILE
    draft = place.with_name(f".{ORIGIN_FILE}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(opened)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
    return opened


def after(name: str) -> str:
    """The name that follows."""
    match = NUMBERED.fullmatch(name)
    return f"{match['first']}/{int(match['number']) + 1}" if match else f"{name}/2"
