"""A part of the acceptance table: the shipped weights on forty of the fixed prompts, through the MP4."""

import hashlib
from pathlib import Path

from generator.engines.diffusion.engine import SMALL
from generator.engines.diffusion.manifest import WeightsManifest
from placet.devtools.evaluation.acceptance import contact_sheet, controls, evaluated, rows

SLICE = 40


def test_the_first_forty_prompts_meet_the_goals() -> None:
    found = list(evaluated("small", SLICE, 1))
    clips = [clip for clip, _ in found]
    assert {row["metric"] for row in rows(clips) if not row["met"]} == set()
    words, sound = controls(clips)
    assert words["value"] <= 0.25
    assert sound["value"] >= 0.15
    assert contact_sheet(found).width > 800


def test_the_manifest_holds_the_hash_of_the_acceptance_table() -> None:
    acceptance = WeightsManifest.read(SMALL).acceptance
    lines = Path(acceptance["csv"]).read_bytes()
    assert hashlib.sha256(lines).hexdigest() == acceptance["csv_sha256"]
    assert lines.count(b"\n") == acceptance["prompts"] + 1
