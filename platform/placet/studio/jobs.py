"""The life of a run on the log's side: start on firm ground, look again while it moves, end with all or nothing.

A run is an effect of kind `run`. Lease and fencing token are the effect's; what the world may know of it are events.
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
"""A run that so many workers started and none ended takes its worker with it: it is not tried for ever."""


class RecheckPending(RuntimeError):
    """The checks are looking again: the run has to wait for their answer."""


class Jobs:
    """Runs over one autocommit connection. `claim`, then `beat` while it goes on, then one of the endings."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.log = EventLog(connection)

    def claim(self, shape: Mapping[str, Any] | None = None) -> tuple[ClaimedItem, Generation] | None:
        """The next run whose ground is firm, started on it. None when there is nothing to start just now.

        With a `shape` (see `shape_of`), only one that can be drawn together with another of it.
        """
        held = outbox.claim(self.connection, "job", LEASE_SECONDS, shape)
        if held is None:
            return None
        generation = self._generation(held)
        if generation.state not in IN_JOB:
            outbox.done(self.connection, held)
            return None
        if generation.times_started >= MAX_STARTS:
            fact = e.GenerationFailed(
                generation.asked.generation, "engine", "Ask again with other words or a shorter clip."
            )
            self.end(held, fact)
            return None
        try:
            self._start(held, generation)
        except (RecheckPending, LogError) as wait:
            outbox.reschedule(self.connection, held, error_location(wait), RECHECK_SECONDS)
            return None
        return held, generation

    def heartbeat(self, held: ClaimedItem, phase: str, done_0_1: float) -> str | None:
        """Renew the lease and look around. Answers why to stop, or None. Raises `LeaseLost`."""
        outbox.heartbeat(self.connection, held, LEASE_SECONDS, {"phase": phase, "done": round(done_0_1, 3)})
        generation = self._generation(held)
        if generation.state not in IN_JOB:
            return generation.refused.code if generation.refused else generation.state
        with suppress(RecheckPending, LogError):
            self._request_recheck(held, generation)
        return None

    def finish(self, held: ClaimedItem, made: e.GenerationRendered, drawn: str = "") -> bool:
        """The clip lies in quarantine: say so, on the ground on which it was started. False: nobody wants it now.

        Raises `RecheckPending` while checks look again (call it once more), `LeaseLost` when fenced out.
        """
        generation = self._generation(held)
        if generation.state != "started":
            outbox.done(self.connection, held)
            return False
        self._check_preconditions(held, generation)
        with self._event_context(generation), self.connection.transaction():
            outbox.done(self.connection, held)
            told = [e.OutputCaptioned(made.generation, generation.asked.requested_by, drawn)] if drawn else []
            ground = generation.read_versions
            self.log.append(
                stream_of(made.generation), [made, *told], expected=generation.version, preconditions=ground
            )
        return True

    def end(self, held: ClaimedItem, fact: e.GenerationFailed | e.PromptUnsupported | None) -> None:
        """No clip came of it; quota is given back. None: it was stopped, and the log knows why already."""
        generation = self._generation(held)
        with self._event_context(generation), self.connection.transaction():
            outbox.done(self.connection, held)
            if fact is not None:
                outcome = decide.end_run(generation, fact)
                commands.append_outcome(self.log, fact.generation, generation.version, outcome)

    def _start(self, held: ClaimedItem, generation: Generation) -> None:
        self._check_preconditions(held, generation)
        fact = e.GenerationStarted(generation.asked.generation, str(held.id), held.fencing_token)
        with self._event_context(generation):
            self.log.append(
                stream_of(fact.generation), [fact], expected=generation.version, preconditions=generation.read_versions
            )
        generation.apply(fact)
        generation.version += 1

    def _check_preconditions(self, held: ClaimedItem, generation: Generation) -> None:
        self._request_recheck(held, generation)
        if not generation.is_clear(PROMPT_CHECKS):
            raise RecheckPending(f"generation {generation.asked.generation} waits for its checks")

    def _request_recheck(self, held: ClaimedItem, generation: Generation) -> None:
        facts = decide.request_recheck(generation, self.log.heads(generation.read_versions))
        if facts:
            with self._event_context(generation):
                self.log.append(stream_of(_id(held)), facts, expected=generation.version)
            raise RecheckPending(f"the ground of generation {_id(held)} moved")

    def _generation(self, held: ClaimedItem) -> Generation:
        return Generation.replay(self.log.read(stream_of(_id(held))))

    def _event_context(self, generation: Generation) -> AbstractContextManager[None]:
        return event_context(EventMetadata(generation.asked.generation))


def shape_of(asked: e.GenerationRequested) -> dict[str, Any]:
    """What a run must have in common with another, to be drawn together with it."""
    return {"engine": asked.engine, "width": asked.width, "height": asked.height, "seconds": asked.seconds}


def _id(held: ClaimedItem) -> str:
    return str(held.payload["generation"])
