"""Processes that die at named steps, and at random, while the whole story is told: it ends as if nothing had been."""

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
PATIENCE_SECONDS: Final = 3 * 3600  # a thousand kills take one or two
BESIDE: Final = (
    "sequencer.numbered", "sequencer.committed", "projections.committed", "mail.claimed", "mail.performed",
    "mail.done", "job.started", "job.encoded", "job.stored", "job.rendered", "sign.verified", "sign.released",
)  # fmt: skip
"""Steps that are no consumer's own."""
MOST_DEATHS_BEFORE_THE_START: Final = 2
NOTHING_LEFT: Final = ".committed:2"
"""What was committed is not tried again; the story need not have another of the kind."""
SLICE: Final = (
    "moderation.check_policy.handled:1", "studio.record_verdicts.committed:2", "likeness.check_consent.taken:1",
    "provenance.sign_clip.handled:1", "studio.cascade_restrictions.handled:1",
    "sequencer.numbered:2", "mail.performed:1",
    "job.encoded:1", "job.rendered:1",
)  # fmt: skip
"""One of each kind; `make soak` dies at all of them."""
NEVER_IN_THE_STORY: Final = ("rights.apply_decisions", "studio.prepare_erasure", "studio.erase_person")
"""The demo's case is a prompt, not a filing; deaths within an erasure are in test_forgotten_for_good.py."""


def every_step() -> list[str]:
    """Each consumer before, between and after, and what is beside them."""
    names = [one.name for one in flow.consumers() if one.name not in NEVER_IN_THE_STORY]
    steps = [f"{name}.{step}" for name in names for step in ("taken", "handled", "committed")]
    folds = [f"{name}.folded" for name in PROJECTIONS]
    return [*steps, *folds, *BESIDE]


def first_and_second(*steps: str) -> list[str]:
    """To die there, and when it is tried again."""
    return [f"{step}:{time}" for step in steps for time in (1, 2)]


def placet(home: Path, *words: str, **more: str) -> tuple[int, dict[str, Any], str]:
    """(exit code, the one object, what was told) of a command in a home of its own."""
    environment = {**os.environ, "PLACET_DATA_DIR": str(home), **more}
    for name in ("PLACET_DATABASE_URL", "PLACET_MIGRATION_DATABASE_URL"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "placet", *words, "--json"],
        env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def tell_the_story_dying_at(home: Path, *points: str) -> int:
    """The whole demo, ended well although somebody died at each of these. Answers how many deaths there were."""
    (home / "crashed").mkdir(parents=True)
    crashes = {"PLACET_FAILPOINTS": ",".join(points), "PLACET_FAILPOINT_STATE": str(home / "crashed")}
    given = {"PLACET_DEFAULT_ENGINE": "scene", **crashes}  # a worker that starts again need not load a model again
    code, summary, told = placet(home, "demo", **given)
    for _ in range(MOST_DEATHS_BEFORE_THE_START):
        if summary.get("code") == "not_started":  # who dies while the tables are made is asked again, as a person would
            code, summary, told = placet(home, "demo", **given)
    assert code == 0, told
    never_met = [p for p in points if not (home / "crashed" / p.replace(":", ".")).exists()]
    unproved = [p for p in never_met if not p.endswith(NOTHING_LEFT)]
    assert unproved == [], "a step that nobody passed proves nothing"
    assert [n["stage"] for n in summary["notices"]] == ["requested", "draft", "published"] * 2 + ["blocked"]
    code, rebuilt, told = placet(home, "check-projections")
    assert code == 0, told
    assert all(row["same"] for row in rebuilt["projections"])
    return len(points) - len(never_met)


def assert_proved(answer: dict[str, Any], record: Record) -> None:
    """Each promise was looked at, and none was broken; how often is kept with the test's result."""
    for name, found in answer["promises"].items():
        record(name, found["checked"])
    assert all(found["checked"] and not found["broken"] for found in answer["promises"].values())


def test_there_are_at_least_120_ways_to_die() -> None:
    every_point = first_and_second(*every_step())
    assert len(every_point) >= 120
    assert set(SLICE) <= set(every_point)


def test_the_story_ends_right_whoever_dies_at_a_step(tmp_path: Path) -> None:
    tell_the_story_dying_at(tmp_path / "home", *SLICE)


@pytest.mark.soak
@pytest.mark.parametrize("share", range(16))
def test_the_story_ends_right_at_every_step(tmp_path: Path, share: int, record_property: Record) -> None:
    record_property("deaths", tell_the_story_dying_at(tmp_path / "home", *first_and_second(*every_step()[share::16])))


@pytest.mark.promise("P1")
@pytest.mark.promise("P2")
@pytest.mark.promise("P3")
@pytest.mark.parametrize("kills", [20, pytest.param(1000, marks=pytest.mark.soak)])
def test_promises_hold_while_processes_are_killed_at_random(
    tmp_path: Path, kills: int, record_property: Record
) -> None:
    code, answer, told = placet(tmp_path / "home", "chaos", "--kills", str(kills), "--seed", "20")
    assert code == 0, answer.get("promises", told)
    assert len(answer["kills"]) == kills
    assert {kill["role"] for kill in answer["kills"]} >= {"postgres", "consumers"}
    assert_proved(answer, record_property)
