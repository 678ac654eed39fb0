"""Key and name of the log: created once per install, in `PLACET_DATA_DIR/keys`."""

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
    """This install has no key for its log. Run `make setup`; after a restore, restore `keys/` first."""


def install_signer(home: Path) -> Signer:
    """Signs this install's tree heads. Raises `LogKeyMissing`."""
    try:
        return Signer(origin(home), (home / "keys" / KEY_FILE).read_bytes())
    except FileNotFoundError as missing:
        raise LogKeyMissing(f"{missing.filename} is missing. Run `make setup` to create this install's keys.") from None


def install_verifier(home: Path) -> Verifier:
    """Verifies this install's tree heads. Raises `LogKeyMissing`."""
    return install_signer(home).verifier


def origin(home: Path) -> str:
    """The name of this log."""
    return (home / "keys" / ORIGIN_FILE).read_text().strip()


def next_origin(home: Path, last: str) -> str:
    """Give the log a new name, with the next number and a random suffix. Called by a restore.

    No head is signed under the old name any more: two heads of one size would be a fork. For the same reason two
    restores from one backup, on two machines, must get two names: `…/2-1f0c9a3e` and `…/2-77b2e410` after `…`.
    """
    name = after(last)
    atomic_write(home / "keys" / ORIGIN_FILE, name.encode())
    return name


def after(name: str) -> str:
    """A next name."""
    match = NUMBERED.fullmatch(name)
    first, number = (match["first"], int(match["number"]) + 1) if match else (name, 2)
    return f"{first}/{number}-{secrets.token_hex(4)}"
