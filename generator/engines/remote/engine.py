"""Remote engine: a service elsewhere behind the engine port. Its clips are untrusted, and are deleted there."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generator import recipe
from generator.engines.remote.endpoint import RemoteEndpoint
from generator.engines.remote.service import RemoteFailed, RemoteJob, RemoteRefused, Service
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
from placet.media.audio_metrics import onsets
from placet.media.errors import UnreadableMedia
from placet.media.sandbox_client import WholeClip, read_clip

MAX_SECONDS: Final = 10.0
POLL_SECONDS: Final = 1.0
SLICE_SECONDS: Final = 0.2
CREATED, COMPLETED = 0.05, 0.85
"""Progress when the job is created, and when the service has completed it."""
RATE: Final = 48_000
"""Sample rate of silence."""


class WrongFile(RemoteFailed):
    """The service did not send the requested clip."""

    code = "remote_wrong_file"


@dataclass
class RemoteWait:
    """Timeout of one job. Every sleep checks for cancellation and reports progress, even if the service does not."""

    progress: Progress
    cancel: Cancel
    patience: float
    clock: Callable[[], float] = time.monotonic
    phase: str = "ask"
    done_0_1: float = 0.0
    begun: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock()

    def at(self, phase: str, done_0_1: float) -> None:
        self.phase, self.done_0_1 = phase, done_0_1
        self.sleep(0)

    def sleep(self, seconds: float) -> None:
        """Raises Cancelled, or RemoteFailed after the timeout."""
        until = self.clock() + seconds
        while True:
            if reason := self.cancel():
                raise Cancelled(reason, 0)
            spent = (self.clock() - self.begun) / self.patience
            if spent > 1:
                raise RemoteFailed(f"No clip within {self.patience:.0f} s.")
            self.progress(self.phase, min(self.done_0_1 + spent * 0.05, 1.0))
            if (left := until - self.clock()) <= 0:
                return
            time.sleep(min(left, SLICE_SECONDS))


class RemoteEngine:
    """Not bit-equal by request: a service may treat the seed as it likes. The recipe holds the hash of its file."""

    def __init__(self, endpoint: RemoteEndpoint) -> None:
        self.endpoint = endpoint

    def capabilities(self) -> Capabilities:
        e = self.endpoint
        return Capabilities(
            engine=e.engine,
            version=e.version,
            modes=e.modes,  # type: ignore[arg-type]  # checked against the port when the file was read
            sizes=e.sizes,
            max_seconds=min(MAX_SECONDS, float(e.seconds[-1])),
            has_sound=e.has_sound,
            vocabulary=e.vocabulary,
            licence=e.licence,
            excluded_territories=e.excluded_territories,
            is_renderer=False,
            label=e.label,
        )

    def estimate(self, request: GenerationRequest) -> Estimate:
        """Memory holds the pictures twice: in the sandbox's answer, and decoded. Services send up to 30 a second."""
        most = 30 * self.endpoint.long_enough(min(request.seconds, self.endpoint.seconds[-1]))
        return Estimate(self.endpoint.patience_seconds / 4, 2 * needed(most, request.width, request.height))

    def at_once(self, request: GenerationRequest) -> int:  # noqa: ARG002 - as the port asks it
        """One at a time, to limit the load on the service."""
        return 1

    def load(self) -> None:
        """Raises EndpointRefused if the key cannot be read."""
        _ = self.endpoint.key

    def unload(self) -> None:
        """Nothing to unload."""

    def generate(self, request: GenerationRequest, progress: Progress, cancel: Cancel) -> RawClip:
        self._check(request)
        waiting = RemoteWait(progress, cancel, self.endpoint.patience_seconds)
        service = Service(self.endpoint, waiting.sleep)
        try:
            waiting.at("ask", 0.0)
            job = service.create(self._fields(request), request.generation)
            try:
                self._wait_for(job, service, waiting)
                waiting.at("fetch", COMPLETED)
                file = service.content(job.id)
            finally:
                self._delete(job)
        finally:
            service.close()
        waiting.at("read", 0.95)
        return self._clip(request, file)

    def _check(self, request: GenerationRequest) -> None:
        self.capabilities().refuse_beyond(request)
        if request.badges:
            raise BeyondCapabilities("A likeness never leaves this install: choose a local engine.")

    def _fields(self, request: GenerationRequest) -> dict[str, Any]:
        """A remix is requested by the prompts of its whole line: the service no longer has the parent's clip."""
        lines = [*(request.parent_prompt or "").splitlines(), request.prompt]
        fields: dict[str, Any] = {
            "model": self.endpoint.model,
            "prompt": "\n".join(lines),
            "seconds": str(self.endpoint.long_enough(request.seconds)),
            "size": f"{request.width}x{request.height}",
        }
        if "seed" in self.endpoint.takes:
            fields["seed"] = str(request.seed)
        if request.image is not None:
            fields["input_reference"] = ("picture.png", request.image, "image/png")
        return fields

    def _wait_for(self, job: RemoteJob, service: Service, waiting: RemoteWait) -> None:
        while job.status != "completed":
            if job.status == "failed":
                kind = RemoteRefused if "moderation" in job.reason or "policy" in job.reason else RemoteFailed
                raise kind(f"The service could not make this clip ({job.reason or 'no code'}).")
            waiting.at("make", CREATED + (COMPLETED - CREATED) * job.done_0_1 * 0.9)
            waiting.sleep(POLL_SECONDS)
            job = service.status(job.id)

    def _delete(self, job: RemoteJob) -> None:
        """Deletes the job however it ended. A failure here does not fail the run: the job expires there."""
        service = Service(self.endpoint, lambda seconds: time.sleep(min(seconds, 1)))
        with suppress(RemoteFailed, RemoteRefused):
            service.delete(job.id)
        service.close()

    def _clip(self, request: GenerationRequest, file: bytes) -> RawClip:
        try:
            whole = read_clip(file, max_frames=round(60 * (self.endpoint.long_enough(request.seconds) + 1)))
        except UnreadableMedia as hostile:
            raise WrongFile(f"The service did not send a clip ({hostile.code}).") from hostile
        if whole.frames.shape[1:3] != (request.height, request.width):
            height, width = whole.frames.shape[1:3]
            raise WrongFile(f"Requested {request.width}x{request.height}, received {width}x{height}.")
        fps = round(whole.fps)
        frames = whole.frames[: round(request.seconds * fps)]
        if len(frames) < round(request.seconds * fps) - 1 or not fps:
            raise WrongFile(f"Requested {request.seconds} s, received {len(whole.frames)} pictures.")
        rate = whole.rate or RATE
        pcm = self._sound(whole, round(len(frames) / fps * rate))
        made_from = self._recipe(request, file, frames, pcm, rate)
        return RawClip(frames, fps, pcm, rate, made_from, [float(at) for at in onsets(pcm, rate)])

    def _sound(self, whole: WholeClip, samples: int) -> NDArray[np.float32]:
        """Stereo, as long as the pictures; silence if the service makes no sound."""
        if self.endpoint.has_sound and not len(whole.pcm):
            raise WrongFile("The endpoint declares sound, but the service sent none.")
        pcm = whole.pcm[:samples] if len(whole.pcm) else np.zeros((0, 2), np.float32)
        both = np.repeat(pcm, 2, 1) if pcm.shape[1] == 1 else pcm[:, :2]
        return np.pad(both, ((0, samples - len(both)), (0, 0)))

    def _recipe(
        self, request: GenerationRequest, file: bytes, frames: NDArray[np.uint8], pcm: NDArray[np.float32], rate: int
    ) -> dict[str, Any]:
        """The clip's recipe, with words as hashes."""
        e = self.endpoint
        barred = {"excluded_territories": list(e.excluded_territories)} if e.excluded_territories else {}
        return {
            "engine": {"name": e.engine, "version": e.version, "label": e.label, "manifest_sha256": e.sha256} | barred,
            "request": recipe.request_summary(request),
            "remote": {"host": e.host, "model": e.model, "file_sha256": sha256(file).hexdigest()},
            "unread_words": [],
            "raw": recipe.raw(frames, pcm, rate),
        }
