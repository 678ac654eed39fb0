"""A race of publish and revoke between real processes: nothing is published after an acknowledged revocation."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from placet.kernel.ids import GenerationId, PersonId
from placet.kernel.verdict import Check
from placet.likeness import commands as likeness
from placet.likeness.consent import consent_of
from placet.likeness.events import LikenessEnrolled
from placet.studio import events as e
from placet.studio import queries
from placet.studio.generation import OUTPUT_CHECKS, PROMPT_CHECKS, stream_of
from tests.support.cast import BEN
from tests.support.scenario import Scenario, new_id

pytestmark = pytest.mark.processes
ROUNDS = int(os.environ.get("PLACET_RACE_ROUNDS", "200"))


@dataclass
class Racer:
    """A process that reads one command per line, and prints a line when the log has acknowledged it."""

    process: "subprocess.Popen[str]"

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process has died"
        return line


@contextmanager
def racer(mode: str) -> Iterator[Racer]:
    command = [sys.executable, str(Path(__file__).with_name("race_process.py")), mode]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "placet.config.settings"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Racer(process)


def draft_with(scenario: Scenario, person: PersonId) -> GenerationId:
    """A draft that shows a consenting person, appended as its events."""
    clip = GenerationId(new_id())
    scenario.log.append(consent_of(person), [LikenessEnrolled(person, new_id(), "0" * 64, "none")], expected=0)
    likeness.allow(scenario.log, person, BEN, new_id())
    read_versions = {consent_of(person): scenario.log.heads([consent_of(person)])[consent_of(person)]}
    checks: list[Check] = sorted(PROMPT_CHECKS | OUTPUT_CHECKS)
    request = e.GenerationRequested(
        clip, BEN, "a red ball", (person,), "text", None, (), None, 4, 360, 640, 24, 1, "scene", "XX"
    )
    verdicts = [
        e.VerdictRecorded(clip, c, 1, "clear", read_versions if c == "consent" else {}, "", new_id()) for c in checks
    ]
    rest = [e.GenerationApproved(clip, read_versions, {}), e.GenerationSigned(clip, "f" * 64, "m")]
    scenario.log.append(stream_of(clip), [request, *verdicts, *rest], expected=0)
    return clip


def published_after_the_revocation(scenario: Scenario, mode: str) -> int:
    """The number of rounds in which a clip was published after its consent was revoked."""
    late = visible = 0
    with racer(mode) as publisher, racer(mode) as revoker:
        for _ in range(ROUNDS):
            person = PersonId(new_id())
            clip = draft_with(scenario, person)
            begin = time.time() + 0.005
            publisher.send(f"publish {clip} {BEN} {begin}")
            revoker.send(f"revoke - {person} {begin}")
            revoker.wait()
            publisher.wait()
            found = queries.standing(clip)
            visible += found is not None and found.is_visible
            late += _is_after(scenario, clip, person)
    assert visible == 0, "nothing is served after the acknowledgement"
    return late


def _is_after(scenario: Scenario, clip: str, person: PersonId) -> bool:
    rows = scenario.driver.connection.execute(
        "SELECT type FROM eventlog_event WHERE stream = ANY(%s) AND type = ANY(%s) ORDER BY id",
        ([stream_of(clip), consent_of(person)], ["studio.generation_published.v1", "likeness.consent_revoked.v1"]),
    ).fetchall()
    return [r[0] for r in rows] == ["likeness.consent_revoked.v1", "studio.generation_published.v1"]


@pytest.mark.promise("P1", "P3")
def test_nothing_is_published_after_an_acknowledged_revocation(scenario: Scenario) -> None:
    assert published_after_the_revocation(scenario, "product") == 0


@pytest.mark.promise("P3")
def test_without_preconditions_the_race_is_lost(scenario: Scenario) -> None:
    assert published_after_the_revocation(scenario, "control") > 0, "the control must fail, or the race proves nothing"
