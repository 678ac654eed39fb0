"""A process that encrypts for one subject as fast as it can, until it is refused. Prints one line for each encryption.

`python -m tests.eventlog.vault_process FOLDER SUBJECT [careless]`: a line is the time before it and the ciphertext.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from placet.eventlog.encryption.vault import FileVault, SubjectErased

MASTER = b"k" * 32
CARELESS_SECONDS = 120.0


class Careless(FileVault):
    """The control: caches every key for ever, takes no lock and ignores tombstones."""

    def _key(self, subject: str) -> AESGCM | None:
        return CACHED.get(subject) or CACHED.setdefault(subject, super()._key(subject))

    def is_erased(self, subject: str) -> bool:
        return False

    @contextmanager
    def _locked(self, subject: str, how: int) -> Iterator[None]:
        yield


CACHED: dict[str, AESGCM | None] = {}


def main(folder: str, subject: str, kind: str = "") -> None:
    """Ends when refused; the careless one, which is never refused, when killed or after `CARELESS_SECONDS`."""
    vault = Careless(Path(folder), MASTER) if kind else FileVault(Path(folder), MASTER)
    until = time.monotonic() + CARELESS_SECONDS
    _print("ready")
    while not kind or time.monotonic() < until:
        begun = time.monotonic()
        try:
            encrypted = vault.encrypt(subject, b"a secret", b"race")
        except SubjectErased:
            _print("refused")
            return
        _print(f"{begun} {encrypted.hex()}")
        if kind:
            time.sleep(0.01)
    _print("refused")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
