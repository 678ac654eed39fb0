"""Acceptance of a model beyond text: image input, identity badges, styles, extension and scenes."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from PIL import Image

from generator.badge import pattern
from generator.engines.diffusion.grammar import STYLES, ParsedPrompt
from generator.evaluation.conditioning import likeness, psnr, seam, style_of
from generator.evaluation.questions import questions
from generator.evaluation.vision import Frames, detect_object
from generator.ports import Before, Engine, GenerationRequest, RawClip
from placet.devtools.evaluation.acceptance import made, wanted

SECONDS: Final = 2.0
LIKE_DB: Final = 28.0
LEAP_PIXELS: Final = 2.0
PEOPLE: Final = ("ana", "ben", "cleo", "dara", "eve", "fay")
NEXT: Final = {"bounce": "it rolls left", "fall": "it rolls right", "rest": "it rolls left"}
"""What an object does next; what rolls comes to rest."""


@dataclass(frozen=True, slots=True)
class ConditioningRow:
    """The result of one clip: its row, its value and its control's. None where nothing can be measured."""

    row: str
    value: float | None
    control: float | None = None


ROWS: Final = (
    ("picture: the first one is it (28 dB)", 0.9, 0.3),
    ("badge: correlation with the one asked for", 0.7, 0.3),
    ("style is the one asked for", 0.9, 0.5),
    ("goes on: colour and shape kept, no leap over 2 px", 0.9, 0.5),
    ("scenes: colour and shape kept in each", 0.85, 0.5),
)
"""Row, minimum, and the maximum of its control."""
PICTURE, BADGE, STYLE, EXTEND, SCENES = (name for name, _, _ in ROWS)


def judged_ways(engine: Engine, count: int) -> Iterator[ConditioningRow]:
    """Each kind of conditioning for the first `count` questions. Controls use another picture, badge, style, clip."""
    before = made(engine, _asked(engine, *questions(1)[0]))
    for number, (asked, seed) in enumerate(questions(count)):
        clip = made(engine, _asked(engine, asked, seed))
        yield _picture(engine, asked, seed, clip, before)
        yield _badge(engine, asked, seed, number)
        yield _style(engine, asked, seed, STYLES[1 + number % (len(STYLES) - 1)])
        yield _extend(engine, asked, seed, clip, before)
        yield _scenes(engine, asked, seed, before)
        before = clip


def way_rows(results: Sequence[ConditioningRow]) -> list[dict[str, Any]]:
    """The table: each row, then its control, which must fail."""
    rows = []
    for name, at_least, at_most in ROWS:
        value, control = (
            _mean([getattr(one, part) for one in results if one.row == name]) for part in ("value", "control")
        )
        met = value is not None and value >= at_least and (control is None or control <= at_most)
        rows.append({"metric": name, "value": value, "goal": f">= {at_least}", "met": met})
        rows.append({"metric": f"control: {name}", "value": control, "goal": f"<= {at_most}", "met": met})
    return rows


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None


def _asked(engine: Engine, asked: ParsedPrompt, seed: int, seconds: float = SECONDS) -> GenerationRequest:
    return wanted(engine, str(asked), seed, seconds=seconds)


def _picture(engine: Engine, asked: ParsedPrompt, seed: int, clip: RawClip, other: RawClip) -> ConditioningRow:
    file = io.BytesIO()
    Image.fromarray(clip.frames[0]).save(file, "PNG")
    begun = made(engine, replace(_asked(engine, asked, seed + 1), mode="image", image=file.getvalue())).frames[0]
    like, unlike = (psnr(begun, one.frames[0]) >= LIKE_DB for one in (clip, other))
    return ConditioningRow(PICTURE, float(like), float(unlike) if other is not clip else None)


def _badge(engine: Engine, asked: ParsedPrompt, seed: int, number: int) -> ConditioningRow:
    mine, others = (pattern(PEOPLE[(number + turn) % len(PEOPLE)]) for turn in (0, 1))
    clip = made(engine, replace(_asked(engine, asked, seed), badges=(PEOPLE[number % len(PEOPLE)],)))
    return ConditioningRow(BADGE, likeness(mine, clip.frames), likeness(others, clip.frames))


def _style(engine: Engine, asked: ParsedPrompt, seed: int, style: str) -> ConditioningRow:
    seen = style_of(made(engine, replace(_asked(engine, asked, seed), style=style)).frames)
    return ConditioningRow(STYLE, float(seen == style), float(seen == STYLES[0]))


def _extend(engine: Engine, asked: ParsedPrompt, seed: int, clip: RawClip, other: RawClip) -> ConditioningRow:
    end = Before(clip.frames, clip.fps, clip.pcm, clip.rate)
    over = replace(_asked(engine, asked, seed + 2), mode="extend", prompt="it goes on", parent_prompt=str(asked))
    child = made(engine, replace(over, before=end))
    kept, control = (_goes_on(one.frames, child, asked) for one in (clip, other))
    return ConditioningRow(EXTEND, kept, control if other is not clip else None)


def _goes_on(before: Frames, child: RawClip, asked: ParsedPrompt) -> float:
    seen, leap = detect_object(child.frames, child.fps), seam(before, child.frames, child.fps)
    is_kept = (seen.colour, seen.shape) == (asked.colour, asked.shape)
    return float(is_kept and leap is not None and leap <= LEAP_PIXELS)


def _scenes(engine: Engine, asked: ParsedPrompt, seed: int, other: RawClip) -> ConditioningRow:
    request = _asked(engine, asked, seed, seconds=3 * SECONDS)
    in_scenes = replace(request, prompt=f"{asked}\n{NEXT.get(asked.motion, 'it rests')}\nit rests")
    clip = made(engine, in_scenes)
    scenes = [detect_object(part, clip.fps) for part in np.array_split(clip.frames, 3)]
    strange = detect_object(other.frames, other.fps)
    kept, control = (
        float(all((one.colour, one.shape) == (asked.colour, asked.shape) for one in seen))
        for seen in (scenes, [strange])
    )
    return ConditioningRow(SCENES, kept, control)
