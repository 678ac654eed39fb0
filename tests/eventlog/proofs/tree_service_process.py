"""A tree service process that runs until it is killed: `python -m … DSN FILE`."""

import sys
from pathlib import Path

import psycopg

from placet.eventlog.proofs import tree_service
from placet.eventlog.proofs.signed_note import Signer

if __name__ == "__main__":
    tree_service.REST_SECONDS, tree_service.MAX_BATCH = 0.005, 50  # type: ignore[misc]  # many small passes: more steps to die at
    with psycopg.connect(sys.argv[1], autocommit=True) as connection:
        signer = Signer("placet.invalid/00112233", b"\x07" * 32)
        tree_service.TreeService(connection, signer, Path(sys.argv[2])).run(lambda: False)
