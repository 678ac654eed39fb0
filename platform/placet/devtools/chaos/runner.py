"""A real install under the load of people who request, publish and revoke; the caller decides what is done to it."""

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


def run_under_load(home: Path, seed: int, disturb: Callable[[ChaosInstall, UserLoad], T]) -> tuple[T, dict[str, Any]]:
    """Run `disturb` under load; then wait until all is processed, and prove the promises.

    Returns the result of `disturb`, and `{ok, seed, load, promises: {P1: {checked, broken}, …}}`.
    """
    chaos = ChaosInstall(home)
    try:
        load = _begin(chaos, seed)
        result = disturb(chaos, load)
        load.wait_for_a_look(SETTLE_SECONDS, chaos.check)
        load.stop()
        chaos.check()
        connection.close()  # its server may have been killed
        _settle()
        proofs = prove(current_log(), load.acknowledged, home / "mail")
    finally:
        chaos.end()
    return result, _report(seed, load.acknowledged, proofs)


def _begin(chaos: ChaosInstall, seed: int) -> UserLoad:
    state = chaos.check()
    attach_to(chaos.home, state)
    world = World(str(uuid.uuid4()), state.origin, chaos.home, lambda _phase: None)
    enrol(world)
    ana = world.person("Ana")
    likeness.set_level(current_log(), ana, "everyone", str(uuid.uuid4()))
    load = UserLoad(ana, lambda: (read_state(chaos.home) or state).origin, seed)
    load.start()
    return load


def _settle() -> None:
    """Wait until every event is processed and every outbox item done, or the time is over."""
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


def _report(seed: int, acknowledged: Acknowledged, proofs: Mapping[str, InvariantReport]) -> dict[str, Any]:
    return {
        "ok": not any(found.broken for found in proofs.values()),
        "seed": seed,
        "load": {
            "requested": len(acknowledged.asked),
            "published": len(acknowledged.published),
            "revoked": len(acknowledged.revoked),
        },
        "promises": {name: asdict(found) for name, found in proofs.items()},
    }
