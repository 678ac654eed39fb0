"""Processes die at failpoints, and at random, during the demo: it ends with the same result."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from placet.config import flow
from placet.eventlog.projections.runner import PROJECTIONS

pytestmark = [pytest.mark.processes, pytest.mark.models, pytest.mark.promise("P6")]
Record = Callable[[str, object], None]
TIMEOUT_SECONDS: Final = 3 * 3600  # a thousand kills take one or two hours
OTHER_STEPS: Final = (
    "sequencer.numbered", "sequencer.committed", "projections.committed", "mail.claimed", "mail.performed",
    "mail.done", "job.started", "job.encoded", "job.stored", "job.rendered", "sign.verified", "sign.released",
)  # fmt: skip
"""Failpoints outside consumers."""
MAX_DEATHS_BEFORE_START: Final = 2
OPTIONAL_STEP: Final = ".committed:2"
"""A committed step is not repeated, so a second one of its kind need not occur."""
SLICE: Final = (
    "moderation.check_policy.handled:1", "studio.record_verdicts.committed:2", "likeness.check_consent.taken:1",
    "provenance.sign_clip.handled:1", "studio.cascade_restrictions.handled:1",
    "sequencer.numbered:2", "mail.performed:1",
    "job.encoded:1", "job.rendered:1",
)  # fmt: skip
"""One of each kind; `make soak` covers all of them."""
NOT_IN_THE_DEMO: Final = ("rights.apply_decisions", "studio.prepare_erasure", "studio.erase_person")
"""The demo's case is a prompt, not a filing; deaths during an erasure are in test_erasure_is_complete.py."""


def every_step() -> list[str]:
    """Every failpoint: three per consumer, one per projection, and the others."""
    names = [one.name for one in flow.consumers() if one.name not in NOT_IN_THE_DEMO]
    steps = [f"{name}.{step}" for name in names for step in ("taken", "handled", "committed")]
    folds = [f"{name}.folded" for name in PROJECTIONS]
    return [*steps, *folds, *OTHER_STEPS]


def first_and_second(*steps: str) -> list[str]:
    """Each failpoint at its first and at its second pass."""
    return [f"{step}:{time}" for step in steps for time in (1, 2)]


def placet(home: Path, *words: str, **more: str) -> tuple[int, dict[str, Any], str]:
    """(exit code, JSON output, stderr) of a command in a data directory of its own."""
    environment = {**os.environ, "PLACET_DATA_DIR": str(home), **more}
    for name in ("PLACET_DATABASE_URL", "PLACET_MIGRATION_DATABASE_URL"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "placet", *words, "--json"],
        env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def run_demo_dying_at(home: Path, *points: str) -> int:
    """Run the demo while processes die at these failpoints. Returns the number of deaths."""
    (home / "crashed").mkdir(parents=True)
    crashes = {"PLACET_FAILPOINTS": ",".join(points), "PLACET_FAILPOINT_STATE": str(home / "crashed")}
    settings = {"PLACET_DEFAULT_ENGINE": "scene", **crashes}  # a restarted worker need not load a model again
    code, summary, stderr = placet(home, "demo", **settings)
    for _ in range(MAX_DEATHS_BEFORE_START):
        if summary.get("code") == "not_started":  # a death during the migration: start again, as a person would
            code, summary, stderr = placet(home, "demo", **settings)
    assert code == 0, stderr
    not_passed = [p for p in points if not (home / "crashed" / p.replace(":", ".")).exists()]
    required = [p for p in not_passed if not p.endswith(OPTIONAL_STEP)]
    assert required == [], "a failpoint that no process passed proves nothing"
    assert [n["stage"] for n in summary["notices"]] == ["requested", "draft", "published"] * 2 + ["blocked"]
    code, rebuilt, stderr = placet(home, "check-projections")
    assert code == 0, stderr
    assert all(row["same"] for row in rebuilt["projections"])
    return len(points) - len(not_passed)


def assert_proved(answer: dict[str, Any], record: Record) -> None:
    """Each promise was checked and none was broken; the number of checks is recorded with the result."""
    for name, found in answer["promises"].items():
        record(name, found["checked"])
    assert all(found["checked"] and not found["broken"] for found in answer["promises"].values())


def test_there_are_at_least_120_ways_to_die() -> None:
    every_point = first_and_second(*every_step())
    assert len(every_point) >= 120
    assert set(SLICE) <= set(every_point)


def test_the_demo_ends_right_with_deaths_at_failpoints(tmp_path: Path) -> None:
    run_demo_dying_at(tmp_path / "home", *SLICE)


@pytest.mark.soak
@pytest.mark.parametrize("share", range(16))
def test_the_demo_ends_right_with_deaths_at_every_failpoint(
    tmp_path: Path, share: int, record_property: Record
) -> None:
    record_property("deaths", run_demo_dying_at(tmp_path / "home", *first_and_second(*every_step()[share::16])))


@pytest.mark.promise("P1")
@pytest.mark.promise("P2")
@pytest.mark.promise("P3")
@pytest.mark.parametrize("kills", [20, pytest.param(1000, marks=pytest.mark.soak)])
def test_promises_hold_while_processes_are_killed_at_random(
    tmp_path: Path, kills: int, record_property: Record
) -> None:
    code, answer, stderr = placet(tmp_path / "home", "chaos", "--kills", str(kills), "--seed", "20")
    assert code == 0, answer.get("promises", stderr)
    assert len(answer["kills"]) == kills
    assert {kill["role"] for kill in answer["kills"]} >= {"postgres", "consumers"}
    assert_proved(answer, record_property)
