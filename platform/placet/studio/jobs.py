"""Generator jobs on the log's side: start on current verdicts, recheck while they change, end with all or nothing.

A job is an outbox item of kind `job`, with its lease and fencing token; its visible steps are events.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

import psycopg

from placet.eventlog import outbox
from placet.eventlog.outbox import ClaimedItem
from placet.eventlog.store.errors import LogError
from placet.eventlog.store.log import EventLog, EventMetadata, event_context
from placet.eventlog.store.log_context import error_location
from placet.studio import commands, decide
from placet.studio import events as e
from placet.studio.generation import IN_JOB, PROMPT_CHECKS, Generation, stream_of

LEASE_SECONDS: Final = 10.0
RECHECK_SECONDS: Final = 0.3
MAX_STARTS: Final = 8
"""A job that so many workers started and none ended kills its workers: it fails instead of starting again."""


class RecheckPending(RuntimeError):
    """Checks run again: the job waits for their verdicts."""


class Jobs:
    """Jobs over one autocommit connection: `claim`, then `heartbeat` while it runs, then `finish` or `end`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.log = EventLog(connection)

    def claim(self, shape: Mapping[str, Any] | None = None) -> tuple[ClaimedItem, Generation] | None:
        """Claim and start the next job whose verdicts are current. None when there is nothing to start now.

        With a `shape` (see `shape_of`), only a job of this shape, for one batch.
        """
        item = outbox.claim(self.connection, "job", LEASE_SECONDS, shape)
        if item is None:
            return None
        generation = self._generation(item)
        if generation.state not in IN_JOB:
            outbox.done(self.connection, item)
            return None
        if generation.times_started >= MAX_STARTS:
            fact = e.GenerationFailed(
                generation.required_request.generation,
                "engine",
                "Request it again with another prompt or a shorter clip.",
            )
            self.end(item, fact)
            return None
        try:
            self._start(item, generation)
        except (RecheckPending, LogError) as wait:
            outbox.reschedule(self.connection, item, error_location(wait), RECHECK_SECONDS)
            return None
        return item, generation

    def heartbeat(self, item: ClaimedItem, phase: str, done_0_1: float) -> str | None:
        """Renew the lease and check the preconditions. Returns why to stop, or None. Raises `OutboxLeaseLost`."""
        outbox.heartbeat(self.connection, item, LEASE_SECONDS, {"phase": phase, "done": round(done_0_1, 3)})
        generation = self._generation(item)
        if generation.state not in IN_JOB:
            return generation.refused.code if generation.refused else generation.state
        with suppress(RecheckPending, LogError):
            self._request_recheck(item, generation)
        return None

    def finish(self, item: ClaimedItem, rendered: e.GenerationRendered, drawn: str = "") -> bool:
        """Record the rendered clip, with the read versions as preconditions. False: it is no longer wanted.

        Raises `RecheckPending` while checks run again (call it again then), `OutboxLeaseLost` when fenced out.
        """
        generation = self._generation(item)
        if generation.state != "started":
            outbox.done(self.connection, item)
            return False
        self._check_preconditions(item, generation)
        with self._event_context(generation), self.connection.transaction():
            outbox.done(self.connection, item)
            caption = (
                [e.OutputCaptioned(rendered.generation, generation.required_request.requested_by, drawn)]
                if drawn
                else []
            )
            self.log.append(
                stream_of(rendered.generation),
                [rendered, *caption],
                expected=generation.version,
                preconditions=generation.read_versions,
            )
        return True

    def end(self, item: ClaimedItem, fact: e.GenerationFailed | e.PromptUnsupported | None) -> None:
        """End a job without a clip; its quota is released. None: it was stopped, and the log holds the reason."""
        generation = self._generation(item)
        with self._event_context(generation), self.connection.transaction():
            outbox.done(self.connection, item)
            if fact is not None:
                outcome = decide.end_job(generation, fact)
                commands.append_outcome(self.log, fact.generation, generation.version, outcome)

    def _start(self, item: ClaimedItem, generation: Generation) -> None:
        self._check_preconditions(item, generation)
        fact = e.GenerationStarted(generation.required_request.generation, str(item.id), item.fencing_token)
        with self._event_context(generation):
            self.log.append(
                stream_of(fact.generation), [fact], expected=generation.version, preconditions=generation.read_versions
            )
        generation.apply(fact)
        generation.version += 1

    def _check_preconditions(self, item: ClaimedItem, generation: Generation) -> None:
        self._request_recheck(item, generation)
        if not generation.is_clear(PROMPT_CHECKS):
            raise RecheckPending(f"generation {generation.required_request.generation} waits for its checks")

    def _request_recheck(self, item: ClaimedItem, generation: Generation) -> None:
        facts = decide.request_recheck(generation, self.log.heads(generation.read_versions))
        if facts:
            with self._event_context(generation):
                self.log.append(stream_of(_id(item)), facts, expected=generation.version)
            raise RecheckPending(f"the read versions of generation {_id(item)} have changed")

    def _generation(self, item: ClaimedItem) -> Generation:
        return Generation.replay(self.log.read(stream_of(_id(item))))

    def _event_context(self, generation: Generation) -> AbstractContextManager[None]:
        return event_context(EventMetadata(generation.required_request.generation))


def shape_of(request: e.GenerationRequested) -> dict[str, Any]:
    """What jobs of one batch have in common."""
    return {"engine": request.engine, "width": request.width, "height": request.height, "seconds": request.seconds}


def _id(item: ClaimedItem) -> str:
    return str(item.payload["generation"])
