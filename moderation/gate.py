"""The technical gate: what a clip must be to be shown at all. Limits and measures are recorded with each verdict."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from placet.media.child import ClipMeasures

VERSION: Final = "gate-1"
MOST_BLACK_0_1: Final = 0.5
MOST_CLIPPED_0_1: Final = 0.01
MOST_DC: Final = 0.1
MOST_LENGTH_GAP_SECONDS: Final = 0.25
MOST_FLICKER_LEVELS: Final = 25.0


@dataclass(frozen=True, slots=True)
class Gated:
    """Which limits a clip broke (in words), and all that was compared."""

    failed: tuple[str, ...]
    features: dict[str, Any]
    version: str = VERSION


def gate(measures: ClipMeasures, *, asked_seconds: float) -> Gated:
    """Compare a clip's measures with the limits of this version. A frozen picture is no fault: an object may rest."""
    limits = {
        f"more than {MOST_BLACK_0_1:.0%} of the frames are black": measures.black_share_0_1 > MOST_BLACK_0_1,
        "the picture flickers": measures.flicker_levels > MOST_FLICKER_LEVELS,
        "the sound is clipped": measures.clipped_share_0_1 > MOST_CLIPPED_0_1,
        "the sound has an offset": abs(measures.dc_offset) > MOST_DC,
        "picture and sound differ in length": _gap(measures) > MOST_LENGTH_GAP_SECONDS,
        "the clip is not as long as was asked": abs(measures.picture_seconds - asked_seconds) > MOST_LENGTH_GAP_SECONDS,
        "the clip has no picture": measures.frames == 0,
    }
    features = {"measures": {k: round(v, 4) for k, v in asdict(measures).items()}, "asked_seconds": asked_seconds}
    return Gated(tuple(words for words, is_broken in limits.items() if is_broken), features)


def _gap(measures: ClipMeasures) -> float:
    return abs(measures.picture_seconds - measures.sound_seconds)
