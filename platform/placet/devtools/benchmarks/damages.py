"""Defects of clips, made on purpose: frames [n, h, w, 3] and samples [n, channels] in and out."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Samples = NDArray[np.floating[Any]]
Damage = Callable[[Pictures, Samples, int], tuple[Pictures, Samples]]
SEEN_LEVELS, SEEN_0_1 = 24, 0.005
HEARD: Final = 0.02


def _frozen(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    broken = pictures.copy()
    broken[len(broken) // 4 :] = broken[len(broken) // 4]
    return broken, sound


def _one_picture(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    return np.repeat(pictures[:1], len(pictures), axis=0), sound


def _black(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    broken = pictures.copy()
    broken[len(broken) // 2 :] = 0
    return broken, sound


def _flickering(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    broken = pictures.copy()
    broken[::2] = broken[::2] * 0.6
    return broken, sound


def _clipped(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    loudest = float(np.abs(sound).max()) or 1.0
    return pictures, np.clip(sound / loudest * 20, -1, 1).astype(sound.dtype)


def _offset(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    return pictures, np.clip(sound + 0.2, -1, 1).astype(sound.dtype)


def _silenced(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    return pictures, np.zeros_like(sound)


def _shortened(pictures: Pictures, sound: Samples, _rate: int) -> tuple[Pictures, Samples]:
    return pictures, sound[: len(sound) * 4 // 5]


def moved(seconds: float) -> Damage:
    """The sound later than the picture by so many seconds; earlier if negative."""

    def move(pictures: Pictures, sound: Samples, rate: int) -> tuple[Pictures, Samples]:
        count = round(abs(seconds) * rate)
        nothing = np.zeros((count, *sound.shape[1:]), sound.dtype)
        parts = [nothing, sound[: len(sound) - count]] if seconds > 0 else [sound[count:], nothing]
        return pictures, np.concatenate(parts)

    return move


DAMAGES: Final[dict[str, Damage]] = {
    "frozen from a quarter on": _frozen,
    "one picture for the whole clip": _one_picture,
    "black for half of the time": _black,
    "flickering": _flickering,
    "sound clipped": _clipped,
    "sound with an offset": _offset,
    "silenced": _silenced,
    "sound a fifth too short": _shortened,
    **{f"sound {ms} ms late": moved(ms / 1000) for ms in (80, 160, 320)},
    **{f"sound {ms} ms early": moved(-ms / 1000) for ms in (80, 160, 320)},
}


def is_damaged(before: tuple[Pictures, Samples], after: tuple[Pictures, Samples]) -> bool:
    """Whether the damage can be seen or heard: a clip at rest cannot be frozen, nor a silent one silenced."""
    if len(before[1]) != len(after[1]) or float(np.abs(before[1] - after[1]).max(initial=0.0)) > HEARD:
        return True
    return any(
        (np.abs(one.astype(np.int16) - other).max(axis=2) > SEEN_LEVELS).mean() > SEEN_0_1
        for one, other in zip(before[0], after[0], strict=True)
    )
