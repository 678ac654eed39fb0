"""Ports: what the product expects of every engine, and the worker of every job queue. No vendor is named here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Mode = Literal["text", "image", "remix", "extend"]
FailureKind = Literal["memory", "engine", "request", "declined"]
Progress = Callable[[str, float], None]
"""`progress(phase, done_0_1)`: called at each frame or step; a long silence counts as a hang."""
Cancel = Callable[[], str | None]
"""`cancel()`: the reason to stop at the next frame, or None."""


@dataclass(frozen=True)
class GenerationRequest:
    """One clip to generate, complete: two equal requests give equal frames and sound.

    `image` is an RGB PNG, decoded and normalised beforehand. `badges` holds one stable id for each person whose
    likeness the clip shows. `parent_prompt` is the parent's prompt, oldest line first; `before` is the end of the
    parent, where this clip begins (`extend`).
    """

    generation: str
    mode: Mode
    prompt: str = field(repr=False)
    parent_prompt: str | None = field(repr=False)
    seed: int
    width: int
    height: int
    fps: int
    seconds: float
    engine: str
    image: bytes | None = field(default=None, repr=False)
    badges: tuple[str, ...] = ()
    style: str | None = None
    before: "Before | None" = field(default=None, repr=False, compare=False)

    @property
    def shape(self) -> "JobShape":
        """Requests of one shape may be generated together."""
        return JobShape(self.engine, self.width, self.height, self.seconds)


@dataclass(frozen=True, eq=False, slots=True)
class Before:
    """The end of a clip: `frames` [n, height, width, 3] RGB, and their `pcm` [samples, channels] at `rate` Hz."""

    frames: NDArray[np.uint8]
    fps: float
    pcm: NDArray[np.float32]
    rate: int


@dataclass(frozen=True, slots=True)
class JobShape:
    """A clip's engine, size in pixels and length."""

    engine: str
    width: int
    height: int
    seconds: float


@dataclass(frozen=True, eq=False)
class RawClip:
    """Pictures and sound before watermark, encoder and signature.

    `frames` [n, height, width, 3] RGB; `pcm` [samples, 2] in -1..1 at `rate` Hz; `impacts` in seconds. The recipe is
    plain JSON and holds the sha256 of the raw frames and pcm. Its `unread_words` are the requester's own words: keep
    them encrypted.
    """

    frames: NDArray[np.uint8]
    fps: int
    pcm: NDArray[np.float32]
    rate: int
    recipe: dict[str, Any]
    impacts: list[float]


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do, and under which terms. People see `label` wherever the engine is named."""

    engine: str
    version: str
    modes: tuple[Mode, ...]
    sizes: tuple[tuple[int, int], ...]
    max_seconds: float
    has_sound: bool
    vocabulary: Mapping[str, tuple[str, ...]]
    licence: str
    excluded_territories: tuple[str, ...]
    is_renderer: bool
    label: str

    def refuse_beyond(self, request: GenerationRequest) -> None:
        """Raises BeyondCapabilities for another size, length or mode."""
        if (request.width, request.height) not in self.sizes:
            sizes = ", ".join(f"{width}x{height}" for width, height in self.sizes)
            raise BeyondCapabilities(f"{request.width}x{request.height} pixels: this engine makes {sizes}.")
        if not 0 < request.seconds <= self.max_seconds:
            raise BeyondCapabilities(f"{request.seconds} s: this engine makes clips of at most {self.max_seconds} s.")
        if request.mode not in self.modes:
            raise BeyondCapabilities(f"This engine does not support mode {request.mode!r}.")


@dataclass(frozen=True)
class Estimate:
    """Wall-clock seconds on one core, and peak bytes of memory, for one request."""

    seconds: float
    bytes: int


class Engine(Protocol):
    """Generates clips. `generate` raises `Cancelled`, `Unsupported`, `BeyondCapabilities`, `Declined`.

    `at_once`: how many threads should call `generate` with requests of this shape; more than one for an engine that
    batches clips.
    """

    def capabilities(self) -> Capabilities: ...
    def estimate(self, request: GenerationRequest) -> Estimate: ...
    def at_once(self, request: GenerationRequest) -> int: ...
    def load(self) -> None: ...
    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip: ...
    def unload(self) -> None: ...


class Cancelled(Exception):
    """The job was cancelled before `frame` was computed; nothing of it is kept."""

    def __init__(self, reason: str, frame: int) -> None:
        super().__init__(f"Cancelled before frame {frame}: {reason}. Nothing was kept.")
        self.reason, self.frame = reason, frame


class Unsupported(Exception):
    """The prompt names nothing that the engine can draw. This is not a verdict of any check."""

    code = "unsupported"
    hint = "Name something that the engine can draw; `nearest` lists prompts that it understands."

    def __init__(self, unknown: tuple[str, ...], nearest: tuple[str, ...]) -> None:
        known = f" Try: {'; '.join(nearest)}." if nearest else ""
        super().__init__(f"Cannot draw {', '.join(unknown) or 'an empty prompt'}.{known}")
        self.unknown, self.nearest = unknown, nearest


class BeyondCapabilities(ValueError):
    """Size, length or picture exceed what the engine declares; nothing was computed."""

    code = "beyond_capabilities"
    hint = "Ask for a size, length and picture within the engine's capabilities."


class Declined(RuntimeError):
    """The engine, or its operator, does not allow this clip."""


@dataclass(frozen=True)
class JobClaim:
    """The right to run one job. `token` grows with every claim of the same job and fences out older holders."""

    id: str
    token: int
    request: GenerationRequest


class LeaseLost(Exception):
    """Another worker holds the job now. Keep nothing, report nothing."""


class JobQueue(Protocol):
    """Jobs to run. The worker calls it from one thread only; the token fences every call but `claim`.

    An unreachable queue raises OSError (ConnectionError, TimeoutError).
    """

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        """The next job; with `like`, the next of that shape."""

    def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        """Renews the lease. Returns a reason to cancel, or None. Raises LeaseLost when fenced out."""

    def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
        """Takes the clip; `seconds` per phase. Raises LeaseLost when fenced out, and then keeps nothing."""

    def unsupported(self, claim: JobClaim, exc: Unsupported) -> None: ...
    def cancelled(self, claim: JobClaim, reason: str, frame: int) -> None: ...
    def failed(self, claim: JobClaim, error: str, kind: FailureKind) -> None: ...
