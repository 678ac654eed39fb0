"""The quality gate: technical limits for every clip. Limits and measures are recorded with each verdict."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from placet.media.sandbox_client import ClipMeasures

VERSION: Final = "gate-4"
MOST_BLACK_0_1: Final = 0.2
MOST_CLIPPED_0_1: Final = 0.005
MOST_DC: Final = 0.1
MOST_LENGTH_GAP_SECONDS: Final = 0.25
MOST_FLICKER_LEVELS: Final = 25.0
MOST_SYNC_GAP_SECONDS: Final = 0.12
"""People notice more than this (ITU-R BT.1359: 125 ms late); the measure itself is accurate to 30 ms."""
LANDINGS_THAT_SOUND: Final = 2
"""One landing may be soft; of two, one must be heard."""
MUTE_DBFS: Final = -110.0
"""A track of zeros: then one landing is enough. Silence from a model is louder, about -102."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """The limits that a clip broke, in words, and all values compared."""

    failed: tuple[str, ...]
    features: dict[str, Any]
    version: str = VERSION


def run_gate(measures: ClipMeasures, *, requested_seconds: float) -> GateResult:
    """Compare a clip's measures with the limits of this version.

    A still picture is no fault, because an object may rest; it is one if sounds go on or motion breaks off. Sync and
    silence are judged only if something visibly lands.
    """
    late = measures.sound_late_seconds or 0.0
    enough = 1 if measures.sound_rms_dbfs < MUTE_DBFS else LANDINGS_THAT_SOUND
    is_unheard = measures.landings >= enough and not measures.onsets
    limits = {
        f"more than {MOST_BLACK_0_1:.0%} of the frames are black": measures.black_share_0_1 > MOST_BLACK_0_1,
        "the picture flickers": measures.flicker_levels > MOST_FLICKER_LEVELS,
        "motion is broken off": measures.halts > 0,
        "sounds are struck while the picture stands still": measures.struck_while_still > 0,
        "things land and nothing is heard": is_unheard,
        "what is heard comes after what is seen": late > MOST_SYNC_GAP_SECONDS,
        "what is heard comes before what is seen": late < -MOST_SYNC_GAP_SECONDS,
        "the sound is clipped": measures.clipped_share_0_1 > MOST_CLIPPED_0_1,
        "the sound has an offset": abs(measures.dc_offset) > MOST_DC,
        "picture and sound differ in length": _gap(measures) > MOST_LENGTH_GAP_SECONDS,
        "the clip does not have the requested length": abs(measures.picture_seconds - requested_seconds)
        > MOST_LENGTH_GAP_SECONDS,
        "the clip has no picture": measures.frames == 0,
    }
    plain = {k: round(v, 4) for k, v in asdict(measures).items() if v is not None}
    features = {"measures": plain, "requested_seconds": requested_seconds}
    return GateResult(tuple(words for words, is_broken in limits.items() if is_broken), features)


def _gap(measures: ClipMeasures) -> float:
    return abs(measures.picture_seconds - measures.sound_seconds)
