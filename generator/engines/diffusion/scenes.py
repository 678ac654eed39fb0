"""Several scenes in one clip: a line of the prompt is one, and each but the first goes on from the end of the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generator.engines.diffusion.best_of import Choice, Drawn
from generator.engines.diffusion.call import Call
from generator.engines.diffusion.manifest import Grid
from generator.engines.diffusion.prompt_parser import Read
from generator.ports import Before, BeyondCapabilities, GenerationRequest, Progress

MAX_SCENES: Final = 4
MIN_SECONDS: Final = 1.0
"""Seconds of a scene."""
FADE: Final = 0.08
"""Seconds in which the sound of one scene goes over into that of the next, which was drawn for this time as well."""


@dataclass(frozen=True, eq=False, slots=True)
class PromptScene:
    """One that was drawn, by which call; what this was given are the last pictures of the scene before."""

    read: Read | None
    choice: Choice
    call: Call

    def end(self, fps: int) -> Before:
        """For the next to go on from."""
        return Before(self.frames, fps, _sound(self, 0, fps), self.choice.drawn.rate)

    @property
    def frames(self) -> NDArray[np.uint8]:
        """Its own."""
        return self.choice.drawn.frames[self.call.given :]


def scenes_of(request: GenerationRequest, grid: Grid) -> list[GenerationRequest]:
    """One request for each, as long together as was asked. Raises BeyondCapabilities for too many in too short a time.

    What goes on from another says over it what changes.
    """
    lines = [line for line in request.prompt.splitlines() if line.strip()]
    if len(lines) < 2 or not grid.max_context_frames:
        return [request]
    if len(lines) > MAX_SCENES or request.seconds / len(lines) < MIN_SECONDS:
        raise BeyondCapabilities(
            f"{len(lines)} lines are {len(lines)} scenes: this engine makes at most {MAX_SCENES}, each of at least "
            f"{MIN_SECONDS:.0f} s. Ask for fewer or for a longer clip."
        )
    ends = [round(grid.wanted(request.seconds) * n / len(lines)) for n in range(len(lines) + 1)]
    said = [*(request.parent_prompt or "").splitlines(), *lines]
    before = len(said) - len(lines)
    first = replace(request, prompt=lines[0], seconds=ends[1] / grid.fps)
    return [first] + [
        replace(
            request,
            mode="extend",
            prompt=lines[n],
            parent_prompt="\n".join(said[: before + n]),
            seconds=(ends[n + 1] - ends[n]) / grid.fps,
            image=None,
            badges=(),  # the pictures that it goes on from show them
        )
        for n in range(1, len(lines))
    ]


def part_of(progress: Progress, number: int, count: int, end: float) -> Progress:
    """As the whole has come, when a scene of it has come so far, and all of them come to `end`."""
    return lambda phase, done_0_1: progress(phase, (number * end + done_0_1) / count)


def joined(scenes: Sequence[PromptScene], fps: int) -> Drawn:
    """One clip of them all; each sound is as long as its pictures."""
    rate = scenes[0].choice.drawn.rate
    sound = _sound(scenes[0], 0, fps)
    for scene in scenes[1:]:
        over = round(min(FADE, scene.call.given / fps) * rate)
        following = _sound(scene, over, fps)
        quarter = np.linspace(0, np.pi / 2, over, dtype=np.float32)[:, None]
        both = sound[len(sound) - over :] * np.cos(quarter) + following[:over] * np.sin(quarter)
        sound = np.concatenate([sound[: len(sound) - over], both, following[over:]])
    return Drawn(np.concatenate([scene.frames for scene in scenes]), sound, rate)


def _sound(scene: PromptScene, over: int, fps: int) -> NDArray[np.float32]:
    """Of its own pictures and of so many samples before them, in stereo: cut or filled with silence, as it came."""
    drawn = scene.choice.drawn
    begin, end = round(scene.call.given / fps * drawn.rate) - over, round(len(drawn.frames) / fps * drawn.rate)
    part = drawn.pcm[begin:end]
    both = np.repeat(part, 2, 1) if part.shape[1] == 1 else part
    return np.pad(both, ((0, end - begin - len(both)), (0, 0))).astype(np.float32)
