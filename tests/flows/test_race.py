"""Publish against revoke, by real processes at random offsets: after the acknowledgement nothing is published."""

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
    """A process that is told what to do line by line, and answers when the log has acknowledged."""

    process: "subprocess.Popen[str]"

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def racer(mode: str) -> Iterator[Racer]:
    words = [sys.executable, str(Path(__file__).with_name("race_process.py")), mode]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "placet.config.settings"}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield Racer(process)


def draft_with(story: Scenario, person: PersonId) -> GenerationId:
    """A draft that shows a person who has assented, written as it would have come about."""
    clip = GenerationId(new_id())
    story.log.append(consent_of(person), [LikenessEnrolled(person, new_id(), "0" * 64, "none")], expected=0)
    likeness.allow(story.log, person, BEN, new_id())
    ground = {consent_of(person): story.log.heads([consent_of(person)])[consent_of(person)]}
    checks: list[Check] = sorted(PROMPT_CHECKS | OUTPUT_CHECKS)
    request = e.GenerationRequested(
        clip, BEN, "a red ball", (person,), "text", None, (), None, 4, 360, 640, 24, 1, "scene", "XX"
    )
    verdicts = [e.VerdictRecorded(clip, c, 1, "clear", ground if c == "consent" else {}, "", new_id()) for c in checks]
    rest = [e.GenerationApproved(clip, ground, {}), e.GenerationSigned(clip, "f" * 64, "m")]
    story.log.append(stream_of(clip), [request, *verdicts, *rest], expected=0)
    return clip


def published_after_the_revocation(story: Scenario, mode: str) -> int:
    """How many of the rounds ended with a clip published on an assent that had been withdrawn before."""
    late = shown = 0
    with racer(mode) as publisher, racer(mode) as revoker:
        for _ in range(ROUNDS):
            person = PersonId(new_id())
            clip = draft_with(story, person)
            begin = time.time() + 0.005
            publisher.tell(f"publish {clip} {BEN} {begin}")
            revoker.tell(f"revoke - {person} {begin}")
            revoker.answer()
            publisher.answer()
            found = queries.standing(clip)
            shown += found is not None and found.is_visible
            late += _is_after(story, clip, person)
    assert shown == 0, "nothing is served after the acknowledgement"
    return late


def _is_after(story: Scenario, clip: str, person: PersonId) -> bool:
    rows = story.driver.connection.execute(
        "SELECT type FROM eventlog_event WHERE stream = ANY(%s) AND type = ANY(%s) ORDER BY id",
        ([stream_of(clip), consent_of(person)], ["studio.generation_published.v1", "likeness.consent_revoked.v1"]),
    ).fetchall()
    return [r[0] for r in rows] == ["likeness.consent_revoked.v1", "studio.generation_published.v1"]


@pytest.mark.promise("P1", "P3")
def test_nothing_is_published_after_an_acknowledged_revocation(story: Scenario) -> None:
    assert published_after_the_revocation(story, "product") == 0


@pytest.mark.promise("P3")
def test_without_ground_the_same_race_is_lost(story: Scenario) -> None:
    assert published_after_the_revocation(story, "control") > 0, "the control must fail, or the race has no power"
