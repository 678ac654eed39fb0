"""A real install under the load of people who ask, publish and withdraw; what is done to it is the caller's."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import connection

from placet.devtools.chaos.cluster import ChaosInstall
from placet.devtools.chaos.invariants import InvariantReport, prove
from placet.devtools.chaos.load import Acknowledged, UserLoad
from placet.devtools.demo.steps import enrol
from placet.devtools.demo.world import World
from placet.eventlog.store.log import current_log
from placet.likeness import commands as likeness
from placet.runtime.supervisor.attach import attach_to
from placet.runtime.supervisor.state import read_state

SETTLE_SECONDS: Final = 240.0
T = TypeVar("T")


def run_under_load(home: Path, seed: int, happen: Callable[[ChaosInstall, UserLoad], T]) -> tuple[T, dict[str, Any]]:
    """Let `happen` run while the load runs; then all settles, and the promises are proved.

    Answers what `happen` gave, and `{ok, seed, load, promises: {P1: {checked, broken}, …}}`.
    """
    kept = ChaosInstall(home)
    try:
        load = _begin(kept, seed)
        happened = happen(kept, load)
        load.wait_for_a_look(SETTLE_SECONDS, kept.check)
        load.stop()
        kept.check()
        connection.close()  # its server may have been killed
        _settle()
        proofs = prove(current_log(), load.said, home / "mail")
    finally:
        kept.end()
    return happened, _report(seed, load.said, proofs)


def _begin(kept: ChaosInstall, seed: int) -> UserLoad:
    state = kept.check()
    attach_to(kept.home, state)
    world = World(str(uuid.uuid4()), state.origin, kept.home, lambda _phase: None)
    enrol(world)
    ana = world.person("Ana")
    likeness.set_level(current_log(), ana, "everyone", str(uuid.uuid4()))
    load = UserLoad(ana, lambda: (read_state(kept.home) or state).origin, seed)
    load.start()
    return load


def _settle() -> None:
    """Until every answer is given and every effect done, or for as long as anybody would wait."""
    until = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    while quiet < 5 and time.monotonic() < until:
        time.sleep(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM eventlog_event_pending)"
                " + (SELECT count(*) FROM eventlog_outbox WHERE state <> 'done')"
            )
            quiet = 0 if cursor.fetchone()[0] else quiet + 1


def _report(seed: int, said: Acknowledged, proofs: Mapping[str, InvariantReport]) -> dict[str, Any]:
    return {
        "ok": not any(found.broken for found in proofs.values()),
        "seed": seed,
        "load": {"requested": len(said.asked), "published": len(said.published), "revoked": len(said.revoked)},
        "promises": {name: asdict(found) for name, found in proofs.items()},
    }
