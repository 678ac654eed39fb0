"""The quality gate, on clips of the renderer that were damaged on purpose."""

from dataclasses import replace
from typing import Any

import pytest

from generator.registry import engine_named
from moderation.quality_gate import run_gate
from placet.devtools.benchmarks.damages import DAMAGES
from placet.devtools.benchmarks.gate import clips, looks, seen_by_gate
from placet.devtools.evaluation.acceptance import made, wanted
from placet.media.sandbox_client import ClipMeasures

CLEAN = ClipMeasures(
    frames=96, width=128, height=224, fps=24.0, picture_seconds=4.0, sound_seconds=4.0, black_share_0_1=0.0,
    frozen_share_0_1=0.0, flicker_levels=0.2, sound_rms_dbfs=-20.0, sound_peak_0_1=0.5, clipped_share_0_1=0.0,
    dc_offset=0.0, halts=0, landings=3, onsets=3, struck_while_still=0, sound_late_seconds=0.01,
)  # fmt: skip


def test_a_clean_clip_passes_and_its_measures_are_recorded() -> None:
    found = run_gate(CLEAN, requested_seconds=4.0)
    assert found.failed == ()
    assert found.features["measures"]["landings"] == 3
    assert found.version == "gate-4"


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ({"halts": 1}, "motion is broken off"),
        ({"struck_while_still": 1}, "sounds are struck while the picture stands still"),
        ({"onsets": 0, "sound_late_seconds": None}, "things land and nothing is heard"),
        (
            {"landings": 1, "onsets": 0, "sound_rms_dbfs": -120.0, "sound_late_seconds": None},
            "things land and nothing is heard",
        ),
        ({"sound_late_seconds": 0.2}, "what is heard comes after what is seen"),
        ({"sound_late_seconds": -0.2}, "what is heard comes before what is seen"),
        ({"picture_seconds": 3.0, "sound_seconds": 3.0}, "the clip does not have the requested length"),
    ],
)
def test_each_fault_is_named(measures: dict[str, Any], words: str) -> None:
    assert run_gate(replace(CLEAN, **measures), requested_seconds=4.0).failed == (words,)


def test_a_picture_at_rest_in_silence_is_no_fault() -> None:
    rests = replace(CLEAN, frozen_share_0_1=1.0, landings=0, onsets=0, sound_late_seconds=None)
    assert run_gate(rests, requested_seconds=4.0).failed == ()


def test_one_soft_landing_may_be_silent() -> None:
    assert run_gate(replace(CLEAN, landings=1, onsets=0, sound_late_seconds=None), requested_seconds=4.0).failed == ()


@pytest.fixture(scope="module")
def failures() -> dict[str, tuple[str, ...]]:
    """Damage -> failed limits of the first clip, in which something bounces; measured from its MP4 in the sandbox."""
    request, clip = next(clips("scene", 1))
    assert request.motion == "bounce"
    return {one.damage: one.failed for one in looks(request, clip)}


def test_an_undamaged_clip_passes(failures: dict[str, tuple[str, ...]]) -> None:
    assert failures[""] == ()


@pytest.mark.parametrize(
    ("prompt", "seed"),
    [
        ("an orange cube rolls left on grass, documentary", 2_026_014),  # camera steps were counted as landings
        (
            "a purple star falls and stops on grass, documentary",
            2_026_034,
        ),  # pauses of the camera were counted as broken motion
        ("a red ball rests on grass, documentary", 77),
    ],
)
def test_a_clip_with_a_handheld_camera_passes(prompt: str, seed: int) -> None:
    engine = engine_named("scene")
    engine.load()
    clip = made(engine, wanted(engine, prompt, seed))
    assert seen_by_gate(clip, clip.frames, clip.pcm).failed == ()


@pytest.mark.parametrize("damage", [name for name in DAMAGES if " 80 ms " not in name])
def test_a_damage_is_found(failures: dict[str, tuple[str, ...]], damage: str) -> None:
    assert failures[damage]
