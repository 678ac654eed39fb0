"""Erasure in the studio: ends a person's generations and those that show them, and deletes the bytes."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.encryption.vault import install_vault
from placet.eventlog.models import OutboxItem
from placet.eventlog.outbox import MAX_WAIT_SECONDS
from placet.eventlog.store.log import Stream
from placet.media.blobs import remove_any
from placet.media.storage import blobs
from placet.studio import decide
from placet.studio import events as e
from placet.studio.decide import Outcome
from placet.studio.generation import Generation

PERSON_ERASED: Final = "person_erased"
PARTIAL_FOR_SECONDS: Final = 600


class JobStillRunning(RuntimeError):
    """A worker still holds a job of this person. It stops within seconds; its bytes can be deleted only then."""


def destroy_key(person: str) -> None:
    """Destroy the key on disk and in the memory of every process, before this returns."""
    install_vault().destroy(person)


def ended(generation: Generation, delivery: Delivery) -> Outcome:
    """Cancel an unfinished generation; restrict a finished one."""
    outcome = decide.cancel(generation, PERSON_ERASED)
    opened = decide.apply_restriction(generation, PERSON_ERASED, delivery.event_id)
    return Outcome([*outcome.facts, *opened], quota=outcome.quota)


def wait_for_jobs(generations: Sequence[str]) -> None:
    """Raises `JobStillRunning` while a worker holds one of these."""
    now = datetime.now(UTC)
    ends = (now, now + timedelta(seconds=MAX_WAIT_SECONDS))  # a later lease comes from a wrong clock
    held = OutboxItem.objects.filter(kind="job", state=OutboxItem.State.LEASED, lease_until__range=ends)
    if held.filter(payload__generation__in=list(generations)).exists():
        raise JobStillRunning


def rendered_by(root: Path, job: str, sha256: str) -> Path:
    """Path of the note that this job has written this blob, for as long as no event names it."""
    return root / f".made-{job}-{sha256}"


def drop_clips(streams: Sequence[Stream]) -> int:
    """Remove the bytes of these generations everywhere in this install. Returns how many had any."""
    count = 0
    _drop_unreferenced([stream.facts[0].generation for stream in streams])
    for stream in streams:
        names = {f.sha256 for f in stream.facts if isinstance(f, e.GenerationRendered | e.GenerationSigned)}
        count += bool(names)
        for name in names:
            blobs().erase(name)
        generation = stream.facts[0].generation
        (Path(settings.PLACET_DATA_DIR) / "out" / f"{generation}.mp4").unlink(missing_ok=True)
    _drop_partial_files()
    return count


def _drop_unreferenced(generations: Sequence[str]) -> None:
    """Delete blobs that killed workers wrote for these generations and no event names."""
    jobs = OutboxItem.objects.filter(kind="job", payload__generation__in=list(generations))
    for job in jobs.values_list("id", flat=True):
        for note in blobs().root.glob(f".made-{job}-*"):
            blobs().erase(note.name.rpartition("-")[2])
            note.unlink(missing_ok=True)
        for partial in blobs().root.glob(f".run-{job}-*"):
            partial.unlink(missing_ok=True)


def _drop_partial_files() -> None:
    """Delete partial files that killed processes left."""
    for path in blobs().partial_files():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - PARTIAL_FOR_SECONDS:
                remove_any(path)
