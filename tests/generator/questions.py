"""Requests and clips for the tests of this folder. Clips are small, and the last few are cached."""

from functools import lru_cache

from generator.engines.scene.engine import SceneEngine
from generator.ports import Before, GenerationRequest, Mode, RawClip


def ask(
    prompt: str,
    *,
    over: str | None = None,
    seed: int = 7,
    size: tuple[int, int] = (288, 512),
    seconds: float = 4.0,
    image: bytes | None = None,
    badges: tuple[str, ...] = (),
    style: str | None = None,
    before: Before | None = None,
) -> GenerationRequest:
    mode: Mode = "extend" if before else "remix" if over else "image" if image else "text"
    return GenerationRequest(
        generation="generation-1",
        mode=mode,
        prompt=prompt,
        parent_prompt=over,
        seed=seed,
        width=size[0],
        height=size[1],
        fps=24,
        seconds=seconds,
        engine="scene",
        image=image,
        badges=badges,
        style=style,
        before=before,
    )


def silent(phase: str, done_0_1: float) -> None:
    """Ignores the progress."""


def never() -> None:
    """No reason to cancel."""


@lru_cache(maxsize=4)
def made(request: GenerationRequest) -> RawClip:
    return SceneEngine().generate(request, silent, never)
