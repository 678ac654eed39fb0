"""A process that seals for one subject as fast as it can, until it is refused. Prints one line for each seal.

`python -m tests.eventlog.vault_process FOLDER SUBJECT [careless]`: a line is the moment before a seal and what it gave.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from placet.eventlog.encryption.vault import FileVault, SubjectErased

MASTER = b"k" * 32
CARELESS_SECONDS = 4.0


class Careless(FileVault):
    """The control: keeps every key that it has seen, takes no lock and looks for no tombstone."""

    def _key(self, subject: str) -> AESGCM | None:
        return KEPT.get(subject) or KEPT.setdefault(subject, super()._key(subject))

    def is_erased(self, subject: str) -> bool:
        return False

    @contextmanager
    def _locked(self, subject: str, how: int) -> Iterator[None]:
        yield


KEPT: dict[str, AESGCM | None] = {}


def main(folder: str, subject: str, kind: str = "") -> None:
    """Ends by the refusal; the careless one, which meets none, after a while."""
    vault = Careless(Path(folder), MASTER) if kind else FileVault(Path(folder), MASTER)
    until = time.monotonic() + CARELESS_SECONDS
    _say("ready")
    while not kind or time.monotonic() < until:
        began = time.monotonic()
        try:
            sealed = vault.encrypt(subject, b"a secret", b"race")
        except SubjectErased:
            _say("refused")
            return
        _say(f"{began} {sealed.hex()}")
        if kind:
            time.sleep(0.01)
    _say("refused")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
