"""A process that seals for one subject as fast as it can, until it is refused. Prints one line for each seal.

`python -m tests.eventlog.vault_seal FOLDER SUBJECT`: a line is the moment before the seal and what it gave.
"""

import sys
import time
from pathlib import Path

from placet.eventlog.vault import FileVault, SubjectErased

MASTER = b"k" * 32


def main(folder: str, subject: str) -> None:
    """Ends by the refusal."""
    vault = FileVault(Path(folder), MASTER)
    _say("ready")
    while True:
        began = time.monotonic()
        try:
            sealed = vault.seal(subject, b"a secret", b"race")
        except SubjectErased:
            _say("refused")
            return
        _say(f"{began} {sealed.hex()}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
