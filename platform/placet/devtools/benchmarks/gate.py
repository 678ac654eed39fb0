"""The quality gate against clips that were damaged on purpose: what it finds, and what it stops wrongly."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from generator.engines.diffusion.grammar import STYLES, ParsedPrompt
from generator.evaluation.questions import questions
from generator.ports import Engine, RawClip
from generator.registry import engine_named
from moderation.quality_gate import GateResult, run_gate
from placet.devtools.benchmarks.damages import DAMAGES, Pictures, Samples, is_damaged
from placet.devtools.benchmarks.eventlog.row import Row
from placet.devtools.evaluation.acceptance import made, wanted
from placet.media.encode import encode_mp4
from placet.media.sandbox_client import measure

LANDS: Final = ("bounce", "fall")
FOUND_0_1: Final = 0.9
MOST_WRONG_0_1: Final = 0.02
AT_THE_LIMIT: Final = tuple(f"sound {ms} ms {side}" for ms in (80, 160) for side in ("late", "early"))
"""About what people notice, plus the engine's own lag; reported without a goal."""
IN_LANDINGS: Final = ("one picture", "silenced", "late", "early")
"""Damages that show only where a landing is seen: at rest a silent clip is not damaged."""
BY_HAND: Final = "documentary"
"""The style with a hand-held camera: the whole picture moves, so no landing is detected. Its share is a note."""


@dataclass(frozen=True, slots=True)
class GatedClip:
    """One clip and the gate's result. `damage` is empty for a clip as rendered."""

    asked: ParsedPrompt
    damage: str
    failed: tuple[str, ...]

    @property
    def lands(self) -> bool:
        return self.asked.motion in LANDS

    @property
    def is_by_hand(self) -> bool:
        return self.asked.style == BY_HAND


def gate_rows(names: list[str], count: int, report: Callable[[str], None]) -> list[Row]:
    """For each engine: how much of each damage is found, and how many undamaged clips are stopped. Clips of 4 s."""
    rows: list[Row] = []
    for name in names:
        report(f"{count} clips of {name}, each as rendered and with {len(DAMAGES)} damages")
        gated = [one for asked, clip in clips(name, count) for one in looks(asked, clip)]
        rows += [_wrong(name, gated), *(_found(name, damage, gated) for damage in DAMAGES), _precision(name, gated)]
    return rows


def clips(name: str, count: int) -> Iterator[tuple[ParsedPrompt, RawClip]]:
    """The first of the fixed questions, rendered by an engine: one plain, then one in each style, and so on."""
    engine: Engine = engine_named(name)
    engine.load()
    for number, (plain, seed) in enumerate(questions(count)):
        asked = replace(plain, style=STYLES[number % len(STYLES)])
        request = wanted(engine, str(asked), seed)
        yield asked, made(engine, request)


def looks(asked: ParsedPrompt, clip: RawClip) -> Iterator[GatedClip]:
    """The clip as it is, then with each damage that can be seen or heard in it."""
    whole = (clip.frames, clip.pcm)
    yield GatedClip(asked, "", seen_by_gate(clip, *whole).failed)
    for name, damage in DAMAGES.items():
        broken = damage(*whole, clip.rate)
        if is_damaged(whole, broken):
            yield GatedClip(asked, name, seen_by_gate(clip, *broken).failed)


def seen_by_gate(clip: RawClip, pictures: Pictures, sound: Samples) -> GateResult:
    """The gate's result for these frames and samples instead of the clip's own, through MP4 and the sandbox."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        encode_mp4(pictures, clip.fps, sound, clip.rate, path)
        return run_gate(measure(path), requested_seconds=len(clip.frames) / clip.fps)


def _wrong(name: str, gated: list[GatedClip]) -> Row:
    true = [one for one in gated if not one.damage]
    stopped = [one for one in true if one.failed]
    note = "; ".join(f"{one.asked}: {', '.join(one.failed)}" for one in stopped[:3])
    return Row(
        f"{name}: of {len(true)} clips as made, stopped", round(len(stopped) / len(true), 3), "share",
        f"<= {MOST_WRONG_0_1}", judged=True, missed=int(len(stopped) > MOST_WRONG_0_1 * len(true)), note=note,
    )  # fmt: skip


def _found(name: str, damage: str, gated: list[GatedClip]) -> Row:
    needs_landing = any(words in damage for words in IN_LANDINGS)
    shown = [one for one in gated if one.damage == damage and (one.lands or not needs_landing)]
    of = [one for one in shown if not (needs_landing and one.is_by_hand)]
    aside = [one for one in shown if needs_landing and one.is_by_hand]
    share = _found_in(of) / max(1, len(of))
    goal = "" if damage in AT_THE_LIMIT else f">= {FOUND_0_1}"
    return Row(
        f"{name}: {damage}, {len(of)} clips", round(share, 3), "recall", goal,
        judged=bool(goal), missed=int(share < FOUND_0_1) if goal else None,
        note=f"also filmed by hand: {_found_in(aside)} of {len(aside)}" if aside else "",
    )  # fmt: skip


def _found_in(gated: list[GatedClip]) -> int:
    return sum(bool(one.failed) for one in gated)


def _precision(name: str, gated: list[GatedClip]) -> Row:
    """The share of stopped clips that were damaged, with one undamaged clip per damaged one."""
    shares = {d: [bool(one.failed) for one in gated if bool(one.damage) is d] for d in (True, False)}
    found, wrong = (sum(shares[d]) / max(1, len(shares[d])) for d in (True, False))
    return Row(f"{name}: stopped and damaged", round(found / max(found + wrong, 1e-9), 3), "precision", ">= 0.95")
