"""The generator's queue over the log: what the worker claims, renews and finishes becomes events of the studio."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg

from generator.ports import (
    Cancel,
    FailureKind,
    JobClaim,
    JobShape,
    LeaseLost,
    Progress,
    RawClip,
    Unsupported,
)
from placet.eventlog import outbox
from placet.eventlog.encryption.vault import SubjectErased
from placet.eventlog.failpoints import failpoint
from placet.eventlog.store.connect import DATABASE_UNAVAILABLE
from placet.kernel.ids import GenerationId
from placet.media.blobs import Area, Blob, BlobStore
from placet.media.encode import encode_mp4
from placet.media.errors import BlobMissing, UnreadableMedia
from placet.media.private_store import PrivateStore
from placet.processes.generation_request import request_of
from placet.studio import events as e
from placet.studio.erasure import rendered_by
from placet.studio.jobs import Jobs, RecheckPending
from provenance.watermark.embed import embed, read_back

T = TypeVar("T")
FINISH_WITHIN_SECONDS: Final = 8.0
PARENT_MISSING: Final = "Request something else: the parent or picture is missing or damaged."


class MarkUnreadable(RuntimeError):
    """The watermark could not be read back from the encoded clip: the clip is not stored, and the job fails."""


class LogJobQueue:
    """`generator.ports.JobQueue` over PostgreSQL. One connection, reopened when it is lost."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection[Any]], blobs: BlobStore, private: PrivateStore, key: bytes
    ) -> None:
        self._connect = connect
        self._jobs: Jobs | None = None
        self._blobs, self._private, self._key = blobs, private, key
        self._claimed: dict[str, outbox.ClaimedItem] = {}
        self._rendered: dict[str, tuple[Blob, str, float]] = {}

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        """The next job, or None."""
        found = self._with_connection(lambda jobs: jobs.claim(asdict(like) if like else None))
        if found is None:
            return None
        item, generation = found
        failpoint("job.started")
        try:
            request = self._with_connection(lambda jobs: request_of(generation, jobs.log, self._private))
        except (BlobMissing, UnreadableMedia):
            fact = e.GenerationFailed(generation.required_request.generation, "request", PARENT_MISSING)
            self._with_connection(lambda jobs: jobs.end(item, fact))
            return None
        claim = JobClaim(str(item.id), item.fencing_token, request)
        self._claimed[claim.id] = item
        return claim

    def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        """Renews the lease. Returns a reason to stop, or None."""
        return self._with_connection(lambda jobs: jobs.heartbeat(self._claimed[claim.id], phase, done_0_1))

    def post_process(self, claim: JobClaim, clip: RawClip, progress: Progress, cancel: Cancel) -> None:  # noqa: ARG002
        """Watermark, encode, read the watermark back, store in quarantine. The blob is written before the event."""
        payload = payload_of(claim.request.generation)
        progress("mark", 0.0)
        in_place = clip.frames if clip.frames.flags.writeable else None  # the frames are not used again
        marked = embed(clip.frames, payload, self._key, out=in_place)
        progress("encode", 0.0)
        path = self._blobs.root / f".run-{claim.id}-{claim.token}.mp4"
        try:
            encoded = encode_mp4(marked, clip.fps, clip.pcm, clip.rate, path)
            failpoint("job.encoded")
            progress("read mark", 0.0)
            read = read_back(path, self._key)
            if read is None or read.payload != payload:
                raise MarkUnreadable("the watermark could not be read back after encoding")
            self._note(claim, path).touch()  # before the blob: a worker that dies here leaves no untracked blob
            self._rendered[claim.id] = (self._blobs.put_file(path, Area.QUARANTINE), f"{payload:016x}", encoded.seconds)
            failpoint("job.stored")
        finally:
            Path(path).unlink(missing_ok=True)

    def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
        """Record that the clip is rendered, once its preconditions hold. Waits while checks run again."""
        blob, mark, clip_seconds = self._rendered.pop(claim.id)
        recipe = _without_words(clip.recipe)
        took = {k: round(v, 3) for k, v in seconds.items()}
        generation = GenerationId(claim.request.generation)
        rendered = e.GenerationRendered(
            generation,
            blob.sha256,
            blob.bytes_count,
            round(clip_seconds, 3),
            mark,
            recipe,
            took,
        )
        drawn = str(clip.recipe.get("scene", {}).get("words", ""))
        is_wanted = self._with_connection(lambda jobs: self._finish(jobs, claim, rendered, drawn))
        failpoint("job.rendered")
        if is_wanted:
            rendered_by(self._blobs.root, claim.id, blob.sha256).unlink(missing_ok=True)
        else:
            self._drop(claim, blob)

    def _finish(self, jobs: Jobs, claim: JobClaim, rendered: e.GenerationRendered, drawn: str) -> bool:
        until = time.monotonic() + FINISH_WITHIN_SECONDS
        while True:
            try:
                return jobs.finish(self._claimed[claim.id], rendered, drawn)
            except SubjectErased:
                return False  # the requester was just erased; the end of this job follows
            except RecheckPending:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def _note(self, claim: JobClaim, path: Path) -> Path:
        with path.open("rb") as file:
            return rendered_by(self._blobs.root, claim.id, hashlib.file_digest(file, "sha256").hexdigest())

    def _drop(self, claim: JobClaim, blob: Blob) -> None:
        self._blobs.erase(blob.sha256, Area.QUARANTINE)
        rendered_by(self._blobs.root, claim.id, blob.sha256).unlink(missing_ok=True)

    def unsupported(self, claim: JobClaim, exc: Unsupported) -> None:
        """The engine cannot render the prompt."""
        fact = e.PromptUnsupported(GenerationId(claim.request.generation), exc.nearest)
        self._with_connection(lambda jobs: jobs.end(self._claimed[claim.id], fact))

    def cancelled(self, claim: JobClaim, reason: str, frame: int) -> None:  # noqa: ARG002  the port's words
        """The job was stopped for a reason in the log. A stored clip is deleted."""
        if unwanted := self._rendered.pop(claim.id, None):
            self._drop(claim, unwanted[0])
        self._with_connection(lambda jobs: jobs.end(self._claimed[claim.id], None))

    def failed(self, claim: JobClaim, error: str, kind: FailureKind) -> None:  # noqa: ARG002  may hold the prompt
        """The engine failed."""
        fact = e.GenerationFailed(GenerationId(claim.request.generation), kind, HINTS[kind])
        self._with_connection(lambda jobs: jobs.end(self._claimed[claim.id], fact))

    def _with_connection(self, call: Callable[[Jobs], T]) -> T:
        """Call with the connection; a lost one is raised as OSError, as the port requires, and reopened next time."""
        try:
            self._jobs = self._jobs or Jobs(self._connect())
            return call(self._jobs)
        except outbox.OutboxLeaseLost as lost:
            raise LeaseLost(str(lost)) from lost
        except DATABASE_UNAVAILABLE as lost:
            self._jobs = None
            raise ConnectionError("PostgreSQL is unavailable") from lost


HINTS: Final[dict[FailureKind, str]] = {
    "memory": "Request a shorter or smaller clip.",
    "engine": "Request it again; if it fails again, contact the operator.",
    "declined": "The provider of this engine declined. Request something else, or use another engine.",
    "request": "Request a size, length and picture that the engine supports: see its vocabulary.",
}


def _without_words(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe as the log may hold it unencrypted: no word of the prompt, and no hash that guessing could reverse."""
    request = {k: v for k, v in recipe.get("request", {}).items() if not k.endswith("prompt_sha256")}
    kept = {k: v for k, v in recipe.items() if k not in {"unread_words", "left_out", "scene", "request"}}
    return {**kept, "request": request} if request else kept


def payload_of(generation: str) -> int:
    """The 64 bits that a clip of this generation carries."""
    return int.from_bytes(hashlib.sha256(generation.encode()).digest()[:8])
