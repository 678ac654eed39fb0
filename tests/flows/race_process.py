"""One process of a race between publish and revoke, with a pause between decision and write."""

import random
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace

import django

django.setup()

from placet.eventlog.store.connect import connect  # noqa: E402
from placet.eventlog.store.log import Append, Appended, EventLog  # noqa: E402
from placet.kernel.refusal import Refusal  # noqa: E402
from placet.likeness import commands as likeness  # noqa: E402
from placet.studio import commands as studio  # noqa: E402


class DelayedLog(EventLog):
    """Waits between the decision and the write; the control also drops the preconditions."""

    ignores_preconditions = False

    def append_all(self, writes: Sequence[Append]) -> list[Appended]:
        time.sleep(random.random() * 0.02)
        if self.ignores_preconditions:
            writes = [replace(w, preconditions={}) for w in writes]
        return super().append_all(writes)


def reply(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    """Reads `<verb> <id> <person> <unix time to begin>` lines; prints `done` when the log has acknowledged."""
    log = DelayedLog(connect())
    log.ignores_preconditions = sys.argv[1] == "control"
    for line in sys.stdin:
        verb, target, person, begin = line.split()
        time.sleep(max(0.0, float(begin) + random.random() * 0.02 - time.time()))
        try:
            if verb == "publish":
                studio.publish(log, target, person, str(uuid.uuid4()))  # type: ignore[arg-type]  # ids as text
            else:
                likeness.revoke(EventLog(log.connection), person, None, str(uuid.uuid4()))  # type: ignore[arg-type]
        except Refusal as refusal:
            reply(refusal.code)
        else:
            reply("done")


main()
