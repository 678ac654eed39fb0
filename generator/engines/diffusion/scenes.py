"""Several scenes in one clip: one per line of the prompt, each continuing from the end of the previous one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generator.engines.diffusion.best_of import BestAttempt, Drawn
from generator.engines.diffusion.call import Call
from generator.engines.diffusion.manifest import Grid
from generator.engines.diffusion.prompt_parser import ParseResult
from generator.ports import Before, BeyondCapabilities, GenerationRequest, Progress

MAX_SCENES: Final = 4
MIN_SECONDS: Final = 1.0
"""Minimum seconds of a scene."""
FADE: Final = 0.08
"""Seconds of cross-fade between the sounds of two scenes; the later scene's sound covers this time too."""


@dataclass(frozen=True, eq=False, slots=True)
class PromptScene:
    """One drawn scene with its call, whose given pictures are the last ones of the previous scene."""

    parsed: ParseResult | None
    best: BestAttempt
    call: Call

    def end(self, fps: int) -> Before:
        """The end of this scene, from which the next continues."""
        return Before(self.frames, fps, _sound(self, 0, fps), self.best.drawn.rate)

    @property
    def frames(self) -> NDArray[np.uint8]:
        """The scene's own pictures, without the given ones."""
        return self.best.drawn.frames[self.call.given :]


def scenes_of(request: GenerationRequest, grid: Grid) -> list[GenerationRequest]:
    """One request per scene; together they last `request.seconds`. Raises BeyondCapabilities for too many scenes.

    Each later scene's prompt is an edit of the lines before it.
    """
    lines = [line for line in request.prompt.splitlines() if line.strip()]
    if len(lines) < 2 or not grid.max_context_frames:
        return [request]
    if len(lines) > MAX_SCENES or request.seconds / len(lines) < MIN_SECONDS:
        raise BeyondCapabilities(
            f"{len(lines)} lines are {len(lines)} scenes: this engine makes at most {MAX_SCENES}, each of at least "
            f"{MIN_SECONDS:.0f} s. Write fewer lines or choose a longer clip."
        )
    ends = [round(grid.wanted(request.seconds) * n / len(lines)) for n in range(len(lines) + 1)]
    prompts = [*(request.parent_prompt or "").splitlines(), *lines]
    before = len(prompts) - len(lines)
    first = replace(request, prompt=lines[0], seconds=ends[1] / grid.fps)
    return [first] + [
        replace(
            request,
            mode="extend",
            prompt=lines[n],
            parent_prompt="\n".join(prompts[: before + n]),
            seconds=(ends[n + 1] - ends[n]) / grid.fps,
            image=None,
            badges=(),  # the pictures that it continues from show them
        )
        for n in range(1, len(lines))
    ]


def scene_progress(progress: Progress, number: int, count: int, end: float) -> Progress:
    """Progress of the whole clip from the progress of scene `number`; all scenes together end at `end`."""
    return lambda phase, done_0_1: progress(phase, (number * end + done_0_1) / count)


def joined(scenes: Sequence[PromptScene], fps: int) -> Drawn:
    """All scenes as one clip; each scene's sound is as long as its pictures."""
    rate = scenes[0].best.drawn.rate
    sound = _sound(scenes[0], 0, fps)
    for scene in scenes[1:]:
        over = round(min(FADE, scene.call.given / fps) * rate)
        following = _sound(scene, over, fps)
        quarter = np.linspace(0, np.pi / 2, over, dtype=np.float32)[:, None]
        both = sound[len(sound) - over :] * np.cos(quarter) + following[:over] * np.sin(quarter)
        sound = np.concatenate([sound[: len(sound) - over], both, following[over:]])
    return Drawn(np.concatenate([scene.frames for scene in scenes]), sound, rate)


def _sound(scene: PromptScene, over: int, fps: int) -> NDArray[np.float32]:
    """Stereo sound of the scene's own pictures and of `over` samples before them, cut or padded with silence."""
    drawn = scene.best.drawn
    begin, end = round(scene.call.given / fps * drawn.rate) - over, round(len(drawn.frames) / fps * drawn.rate)
    part = drawn.pcm[begin:end]
    both = np.repeat(part, 2, 1) if part.shape[1] == 1 else part
    return np.pad(both, ((0, end - begin - len(both)), (0, 0))).astype(np.float32)
