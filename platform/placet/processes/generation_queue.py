"""The generator's queue over the log: what the worker claims, beats and finishes becomes events of the studio."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

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

FINISH_WITHIN_SECONDS: Final = 8.0
BEGAN_FROM_NOTHING: Final = "Ask for something else: what it began from is gone or damaged."


class MarkUnreadable(RuntimeError):
    """The mark could not be read back from the encoded clip: it is not kept, and the run fails."""


class LogJobQueue:
    """`generator.ports.JobQueue` over PostgreSQL. One connection, made anew when it is lost."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection[Any]], blobs: BlobStore, private: PrivateStore, key: bytes
    ) -> None:
        self._connect = connect
        self._runs: Jobs | None = None
        self._blobs, self._private, self._key = blobs, private, key
        self._held: dict[str, outbox.ClaimedItem] = {}
        self._made: dict[str, tuple[Blob, str, float]] = {}

    def claim(self, like: JobShape | None = None) -> JobClaim | None:
        """The next run, or None."""
        found = self._with_connection(lambda runs: runs.claim(asdict(like) if like else None))
        if found is None:
            return None
        held, generation = found
        failpoint("job.started")
        try:
            request = self._with_connection(lambda runs: request_of(generation, runs.log, self._private))
        except (BlobMissing, UnreadableMedia):
            fact = e.GenerationFailed(generation.asked.generation, "request", BEGAN_FROM_NOTHING)
            self._with_connection(lambda runs: runs.end(held, fact))
            return None
        claim = JobClaim(str(held.id), held.fencing_token, request)
        self._held[claim.id] = held
        return claim

    def heartbeat(self, claim: JobClaim, phase: str, done_0_1: float) -> str | None:
        """Renew the lease; a reason to stop, or None."""
        reason: str | None = self._with_connection(lambda runs: runs.heartbeat(self._held[claim.id], phase, done_0_1))
        return reason

    def post_process(self, claim: JobClaim, clip: RawClip, progress: Progress, cancel: Cancel) -> None:  # noqa: ARG002
        """Mark, encode, read the mark back, put in quarantine. Blob first, fact second."""
        payload = payload_of(claim.request.generation)
        progress("mark", 0.0)
        in_place = clip.frames if clip.frames.flags.writeable else None  # the clip as drawn is of no further use
        marked = embed(clip.frames, payload, self._key, out=in_place)
        progress("encode", 0.0)
        place = self._blobs.root / f".run-{claim.id}-{claim.token}.mp4"
        try:
            encoded = encode_mp4(marked, clip.fps, clip.pcm, clip.rate, place)
            failpoint("job.encoded")
            progress("read mark", 0.0)
            read = read_back(place, self._key)
            if read is None or read.payload != payload:
                raise MarkUnreadable("the mark could not be read back after encoding")
            self._note(claim, place).touch()  # before the blob: a worker that dies here leaves nothing unaccounted for
            self._made[claim.id] = (self._blobs.put_file(place, Area.QUARANTINE), f"{payload:016x}", encoded.seconds)
            failpoint("job.stored")
        finally:
            Path(place).unlink(missing_ok=True)

    def finish(self, claim: JobClaim, clip: RawClip, seconds: dict[str, float]) -> None:
        """Say that the clip is made, once its ground stands. While checks look again, it waits for them."""
        blob, mark, clip_seconds = self._made.pop(claim.id)
        recipe = _without_words(clip.recipe)
        took = {k: round(v, 3) for k, v in seconds.items()}
        generation = GenerationId(claim.request.generation)
        made = e.GenerationRendered(
            generation,
            blob.sha256,
            blob.bytes_count,
            round(clip_seconds, 3),
            mark,
            recipe,
            took,
        )
        drawn = str(clip.recipe.get("scene", {}).get("words", ""))
        is_wanted = self._with_connection(lambda runs: self._finish(runs, claim, made, drawn))
        failpoint("job.rendered")
        if is_wanted:
            rendered_by(self._blobs.root, claim.id, blob.sha256).unlink(missing_ok=True)
        else:
            self._drop(claim, blob)

    def _finish(self, runs: Jobs, claim: JobClaim, made: e.GenerationRendered, drawn: str) -> bool:
        until = time.monotonic() + FINISH_WITHIN_SECONDS
        while True:
            try:
                return runs.finish(self._held[claim.id], made, drawn)
            except SubjectErased:
                return False  # whoever asked was erased at this moment; the end of this run is on its way
            except RecheckPending:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def _note(self, claim: JobClaim, place: Path) -> Path:
        with place.open("rb") as file:
            return rendered_by(self._blobs.root, claim.id, hashlib.file_digest(file, "sha256").hexdigest())

    def _drop(self, claim: JobClaim, blob: Blob) -> None:
        self._blobs.erase(blob.sha256, Area.QUARANTINE)
        rendered_by(self._blobs.root, claim.id, blob.sha256).unlink(missing_ok=True)

    def unsupported(self, claim: JobClaim, exc: Unsupported) -> None:
        """The engine cannot draw it."""
        fact = e.PromptUnsupported(GenerationId(claim.request.generation), exc.nearest)
        self._with_connection(lambda runs: runs.end(self._held[claim.id], fact))

    def cancelled(self, claim: JobClaim, reason: str, frame: int) -> None:  # noqa: ARG002  the port's words
        """It was stopped for a reason that the log knows. What it had written already is not kept."""
        if unwanted := self._made.pop(claim.id, None):
            self._drop(claim, unwanted[0])
        self._with_connection(lambda runs: runs.end(self._held[claim.id], None))

    def failed(self, claim: JobClaim, error: str, kind: FailureKind) -> None:  # noqa: ARG002  may hold the asker's words
        """The engine broke."""
        fact = e.GenerationFailed(GenerationId(claim.request.generation), kind, HINTS[kind])
        self._with_connection(lambda runs: runs.end(self._held[claim.id], fact))

    def _with_connection(self, ask: Callable[[Jobs], Any]) -> Any:
        """Ask over the connection; a lost one is told as OSError, as the port wants it, and made anew next time."""
        try:
            self._runs = self._runs or Jobs(self._connect())
            return ask(self._runs)
        except outbox.OutboxLeaseLost as lost:
            raise LeaseLost(str(lost)) from lost
        except DATABASE_UNAVAILABLE as lost:
            self._runs = None
            raise ConnectionError("PostgreSQL is unavailable") from lost


HINTS: Final[dict[FailureKind, str]] = {
    "memory": "Ask for a shorter or smaller clip.",
    "engine": "Ask again; if it happens twice, tell the operator.",
    "declined": "Whoever runs this engine does not make this. Ask for something else, or for another engine.",
    "request": "Ask for a size, length and picture that the engine can do: see its vocabulary.",
}


def _without_words(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """As the log may hold it in the clear: none of the asker's words, and no hash that guessing would find."""
    request = {k: v for k, v in recipe.get("request", {}).items() if not k.endswith("prompt_sha256")}
    kept = {k: v for k, v in recipe.items() if k not in {"unread_words", "left_out", "scene", "request"}}
    return {**kept, "request": request} if request else kept


def payload_of(generation: str) -> int:
    """The 64 bits that a clip of this generation carries."""
    return int.from_bytes(hashlib.sha256(generation.encode()).digest()[:8])
