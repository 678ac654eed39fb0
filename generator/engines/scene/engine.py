"""The scene renderer behind the engine port."""

from dataclasses import asdict
from hashlib import sha256
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from generator.engines.scene.scene import Scene, scene_of
from generator.engines.scene.sound import RATE, soundtrack
from generator.engines.scene.stage import SceneStage, set_up
from generator.engines.scene.styles import GRADES
from generator.engines.scene.words import VOCABULARY
from generator.memory import needed
from generator.ports import (
    BeyondCapabilities,
    Cancel,
    Cancelled,
    Capabilities,
    Estimate,
    GenerationRequest,
    Progress,
    RawClip,
)

CAPABILITIES = Capabilities(
    engine="scene",
    version="1",
    modes=("text", "image", "remix"),
    sizes=((720, 1280), (1280, 720), (720, 720), (360, 640), (640, 360), (288, 512)),
    max_seconds=10.0,
    has_sound=True,
    vocabulary=VOCABULARY,
    licence="Apache-2.0",
    excluded_territories=(),
    is_renderer=True,
    label="scene renderer: draws simple shapes by physics; not a trained model",
)
MIN_SIDE, MAX_SIDE = 128, 1280
SECONDS_PER_PIXEL = 2.4e-8


class SceneEngine:
    """Equal requests give equal frames and sound, bit for bit."""

    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def estimate(self, request: GenerationRequest) -> Estimate:
        pixels = _frames(request) * request.width * request.height
        need = needed(_frames(request), request.width, request.height)
        return Estimate(seconds=0.2 + pixels * SECONDS_PER_PIXEL, bytes=need)

    def at_once(self, request: GenerationRequest) -> int:  # noqa: ARG002 - as the port asks it
        """One at a time: it runs on the CPU."""
        return 1

    def load(self) -> None:
        """Nothing to load: there are no weights."""

    def unload(self) -> None:
        """Nothing to unload."""

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        _check(request)
        progress("read", 0.0)
        scene = scene_of(request)
        stage = set_up(scene, request, _frames(request))
        frames, digest = _draw_frames(stage, request, progress, cancel)
        progress("sound", 0.92)
        pcm = soundtrack(stage.dance, stage.bodies, stage.room, request.seed)
        recipe = _recipe(request, scene, frames=digest, pcm=sha256(pcm.tobytes()).hexdigest())
        progress("done", 1.0)
        return RawClip(frames, request.fps, pcm, RATE, recipe, [hit.time for hit in stage.dance.impacts])


def _frames(request: GenerationRequest) -> int:
    return max(round(request.seconds * request.fps), 1)


def _check(request: GenerationRequest) -> None:
    sides = (request.width, request.height)
    if any(side % 2 or not MIN_SIDE <= side <= MAX_SIDE for side in sides):
        raise BeyondCapabilities(f"{sides[0]}x{sides[1]} pixels: both sides must be even and {MIN_SIDE} to {MAX_SIDE}.")
    if not 0 < request.seconds <= CAPABILITIES.max_seconds or not 1 <= request.fps <= 60:
        raise BeyondCapabilities(f"{request.seconds} s at {request.fps} fps: at most 10 s, at 1 to 60 fps.")
    if request.style not in GRADES:
        raise BeyondCapabilities(f"Style {request.style!r} is unknown; choose one of {[s for s in GRADES if s]}.")


def _draw_frames(
    stage: SceneStage, request: GenerationRequest, progress: Progress, cancel: Cancel
) -> tuple[NDArray[np.uint8], str]:
    """All frames, and the sha256 of their bytes."""
    frames = np.empty((_frames(request), request.height, request.width, 3), np.uint8)
    digest = sha256()
    for index, frame in enumerate(frames):
        if reason := cancel():
            raise Cancelled(reason, index)
        stage.draw(frame, index)
        digest.update(frame.data)
        progress("draw", 0.02 + 0.9 * (index + 1) / len(frames))
    return frames, digest.hexdigest()


def _recipe(request: GenerationRequest, scene: Scene, *, frames: str, pcm: str) -> dict[str, Any]:
    """The clip's recipe. Prompts, picture and persons as hashes; `unread_words` are the requester's own."""
    return {
        "engine": {"name": CAPABILITIES.engine, "version": CAPABILITIES.version, "label": CAPABILITIES.label},
        "request": {
            **{k: getattr(request, k) for k in ("generation", "mode", "seed", "width", "height", "fps", "style")},
            "milliseconds": round(request.seconds * 1000),
            "prompt_sha256": _hash(request.prompt.encode()),
            "parent_prompt_sha256": _hash(request.parent_prompt and request.parent_prompt.encode()),
            "image_sha256": _hash(request.image),
            "badges_sha256": [_hash(badge.encode()) for badge in request.badges],
        },
        "scene": {"words": str(scene), **{k: v for k, v in asdict(scene).items() if k not in ("unread", "left_out")}},
        "unread_words": list(scene.unread),
        "left_out": list(scene.left_out),
        "versions": {"numpy": np.__version__, "pillow": PIL.__version__},
        "raw": {"frames_sha256": frames, "pcm_sha256": pcm, "pcm_rate": RATE},
    }


def _hash(data: bytes | str | None) -> str | None:
    return sha256(data if isinstance(data, bytes) else data.encode()).hexdigest() if data else None
