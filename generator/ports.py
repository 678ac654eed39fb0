"""What the product asks of any engine, and what the worker asks of any queue. No vendor is known here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Mode = Literal["text", "image", "remix", "extend"]
FailureKind = Literal["memory", "engine", "request", "declined"]
Progress = Callable[[str, float], None]
"""`progress(phase, done_0_1)`: called with each frame or step; long silence counts as a hang."""
Cancel = Callable[[], str | None]
"""`cancel()`: the reason to stop at the next frame, or None."""


@dataclass(frozen=True)
class GenerationRequest:
    """One clip to make, complete: two equal requests give equal frames and sound.

    `image` is an RGB PNG that was decoded and normalised before it came here. `badges` holds one stable id for each
    person whose likeness the clip shows. `parent_prompt` is what the parent was made from, oldest line first; `before`
    is its end, where this clip begins (`extend`).
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
        """What it must have in common with another, to be made together with it."""
        return JobShape(self.engine, self.width, self.height, self.seconds)


@dataclass(frozen=True, eq=False, slots=True)
class Before:
    """The end of a clip: `frames` [n, height, width, 3] RGB, and `pcm` [samples, channels] at `rate` Hz to them."""

    frames: NDArray[np.uint8]
    fps: float
    pcm: NDArray[np.float32]
    rate: int


@dataclass(frozen=True, slots=True)
class JobShape:
    """Of a clip, and which engine makes it."""

    engine: str
    width: int
    height: int
    seconds: float


@dataclass(frozen=True, eq=False)
class RawClip:
    """Pictures and sound before mark, encoder and signature.

    `frames` [n, height, width, 3] RGB; `pcm` [samples, 2] in -1..1 at `rate` Hz; `impacts` in seconds. The recipe can
    be written as canonical JSON and carries the sha256 of raw frames and raw pcm. Its `unread_words` are the asker's
    own words: keep them sealed.
    """

    frames: NDArray[np.uint8]
    fps: int
    pcm: NDArray[np.float32]
    rate: int
    recipe: dict[str, Any]
    impacts: list[float]


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do and under which terms. `label` is shown to people wherever the engine is named."""

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
        """Raises BeyondCapabilities where size, length or mode are none of these."""
        if (request.width, request.height) not in self.sizes:
            sizes = ", ".join(f"{width}x{height}" for width, height in self.sizes)
            raise BeyondCapabilities(f"{request.width}x{request.height} pixels: this engine makes {sizes}.")
        if not 0 < request.seconds <= self.max_seconds:
            raise BeyondCapabilities(f"{request.seconds} s: this engine makes clips of at most {self.max_seconds} s.")
        if request.mode not in self.modes:
            raise BeyondCapabilities(f"This engine does not make clips in this way ({request.mode}).")


@dataclass(frozen=True)
class Estimate:
    """Wall-clock seconds on one core and peak bytes of memory for one request."""

    seconds: float
    bytes: int


class Engine(Protocol):
    """Makes clips. `generate` raises `Cancelled`, `Unsupported`, `BeyondCapabilities`, `Declined`.

    `at_once`: in how many threads `generate` is best called for requests of this shape; an engine that draws several
    clips together says more than one.
    """

    def capabilities(self) -> Capabilities: ...
    def estimate(self, request: GenerationRequest) -> Estimate: ...
    def at_once(self, request: GenerationRequest) -> int: ...
    def load(self) -> None: ...
    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip: ...
    def unload(self) -> None: ...


class Cancelled(Exception):
    """The run stopped because it was told to, before `frame` was computed; nothing of it is kept."""

    def __init__(self, reason: str, frame: int) -> None:
        super().__init__(f"Stopped before frame {frame}: {reason}. Nothing of the run was kept.")
        self.reason, self.frame = reason, frame


class Unsupported(Exception):
    """The engine found nothing in the prompt that it can draw. No verdict of any check follows from this."""

    code = "unsupported"
    hint = "Name something that the engine can draw; `nearest` shows prompts that it understands."

    def __init__(self, unknown: tuple[str, ...], nearest: tuple[str, ...]) -> None:
        known = f" Try: {'; '.join(nearest)}." if nearest else ""
        super().__init__(f"Cannot draw {', '.join(unknown) or 'an empty prompt'}.{known}")
        self.unknown, self.nearest = unknown, nearest


class BeyondCapabilities(ValueError):
    """Size, length or picture lie outside what the engine declares; nothing was computed."""

    code = "beyond_capabilities"
    hint = "Ask for a size, length and picture within the engine's capabilities."


class Declined(RuntimeError):
    """The engine does not make this, by a rule of its own or of whoever runs it."""


@dataclass(frozen=True)
class JobClaim:
    """The right to run one request. `token` grows with every claim of the same run and fences out older holders."""

    id: str
    token: int
    request: GenerationRequest


class LeaseLost(Exception):
    """Somebody else holds the run now. Keep nothing, report nothing."""


class JobQueue(Protocol):
    """Runs to be made. The worker calls it from one thread only; every call but `claim` is fenced by the token.

    A queue that cannot be reached raises OSError (ConnectionError, TimeoutError).
    """

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        """The next run; with `like`, the next of that shape."""

    def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        """Renew the lease. Answers with a reason to cancel, or None; raises LeaseLost when fenced out."""

    def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
        """Take the clip; `seconds` per phase. Raises LeaseLost when fenced out, and then keeps nothing."""

    def unsupported(self, claim: JobClaim, exc: Unsupported) -> None: ...
    def cancelled(self, claim: JobClaim, reason: str, frame: int) -> None: ...
    def failed(self, claim: JobClaim, error: str, kind: FailureKind) -> None: ...
