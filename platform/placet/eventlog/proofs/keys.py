"""The log's own key and name: made once per install, in `PLACET_DATA_DIR/keys`."""

import re
import secrets
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.signed_note import Signer, Verifier
from placet.kernel.files import atomic_write

KEY_FILE: Final = "log.key"
ORIGIN_FILE: Final = "log.origin"
NUMBERED: Final = re.compile(r"(?P<first>.+?)/(?P<number>[2-9]|[1-9]\d+)-[0-9a-f]{8}")


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
    """Open a new name for the log, with the next number and a word drawn by lot. Called by a restore.

    Under the old name no head is signed any more: two heads of one size would be a fork. For the same reason two
    restores from one backup, on two machines, must not take one name: `…/2-1f0c9a3e` and `…/2-77b2e410` after `…`.
    """
    opened = after(last)
    atomic_write(home / "keys" / ORIGIN_FILE, opened.encode())
    return opened


def after(name: str) -> str:
    """A name that follows."""
    match = NUMBERED.fullmatch(name)
    first, number = (match["first"], int(match["number"]) + 1) if match else (name, 2)
    return f"{first}/{number}-{secrets.token_hex(4)}"
