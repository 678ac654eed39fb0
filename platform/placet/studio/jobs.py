"""The life of a run on the log's side: start on firm ground, look again while it moves, end with all or nothing.

A run is an effect of kind `run`. Lease and fencing token are the effect's; what the world may know of it are events.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

import psycopg

from placet.eventlog import outbox
from placet.eventlog.outbox import Claim
from placet.eventlog.store.errors import LogError
from placet.eventlog.store.log import Cause, EventLog, because
from placet.eventlog.store.log_context import place_of
from placet.studio import commands, decide
from placet.studio import events as e
from placet.studio.generation import IN_RUN, PROMPT_CHECKS, Generation, stream_of

LEASE_SECONDS: Final = 10.0
LOOK_AGAIN_SECONDS: Final = 0.3
MOST_STARTS: Final = 8
"""A run that so many workers started and none ended takes its worker with it: it is not tried for ever."""


class GroundUnderReview(RuntimeError):
    """The checks are looking again: the run has to wait for their answer."""


class Runs:
    """Runs over one autocommit connection. `claim`, then `beat` while it goes on, then one of the endings."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.log = EventLog(connection)

    def claim(self, shape: Mapping[str, Any] | None = None) -> tuple[Claim, Generation] | None:
        """The next run whose ground is firm, started on it. None when there is nothing to start just now.

        With a `shape` (see `shape_of`), only one that can be drawn together with another of it.
        """
        held = outbox.claim(self.connection, "run", LEASE_SECONDS, shape)
        if held is None:
            return None
        generation = self._generation(held)
        if generation.state not in IN_RUN:
            outbox.done(self.connection, held)
            return None
        if generation.times_started >= MOST_STARTS:
            fact = e.GenerationFailed(
                generation.asked.generation, "engine", "Ask again with other words or a shorter clip."
            )
            self.end(held, fact)
            return None
        try:
            self._start(held, generation)
        except (GroundUnderReview, LogError) as wait:
            outbox.later(self.connection, held, place_of(wait), LOOK_AGAIN_SECONDS)
            return None
        return held, generation

    def beat(self, held: Claim, phase: str, done_0_1: float) -> str | None:
        """Renew the lease and look around. Answers why to stop, or None. Raises `LeaseLost`."""
        outbox.beat(self.connection, held, LEASE_SECONDS, {"phase": phase, "done": round(done_0_1, 3)})
        generation = self._generation(held)
        if generation.state not in IN_RUN:
            return generation.refused.code if generation.refused else generation.state
        with suppress(GroundUnderReview, LogError):
            self._look_again(held, generation)
        return None

    def finish(self, held: Claim, made: e.GenerationMade, drawn: str = "") -> bool:
        """The clip lies in quarantine: say so, on the ground on which it was started. False: nobody wants it now.

        Raises `GroundUnderReview` while checks look again (call it once more), `LeaseLost` when fenced out.
        """
        generation = self._generation(held)
        if generation.state != "started":
            outbox.done(self.connection, held)
            return False
        self._stand_firm(held, generation)
        with self._because(generation), self.connection.transaction():
            outbox.done(self.connection, held)
            told = [e.ClipDescribed(made.generation, generation.asked.asked_by, drawn)] if drawn else []
            ground = generation.ground
            self.log.append(stream_of(made.generation), [made, *told], expected=generation.version, given=ground)
        return True

    def end(self, held: Claim, fact: e.GenerationFailed | e.VocabularyExceeded | None) -> None:
        """No clip came of it; quota is given back. None: it was stopped, and the log knows why already."""
        generation = self._generation(held)
        with self._because(generation), self.connection.transaction():
            outbox.done(self.connection, held)
            if fact is not None:
                outcome = decide.end_run(generation, fact)
                commands.write(self.log, fact.generation, generation.version, outcome)

    def _start(self, held: Claim, generation: Generation) -> None:
        self._stand_firm(held, generation)
        fact = e.GenerationStarted(generation.asked.generation, str(held.id), held.token)
        with self._because(generation):
            self.log.append(stream_of(fact.generation), [fact], expected=generation.version, given=generation.ground)
        generation.take(fact)
        generation.version += 1

    def _stand_firm(self, held: Claim, generation: Generation) -> None:
        self._look_again(held, generation)
        if not generation.is_clear(PROMPT_CHECKS):
            raise GroundUnderReview(f"generation {generation.asked.generation} waits for its checks")

    def _look_again(self, held: Claim, generation: Generation) -> None:
        facts = decide.look_again(generation, self.log.heads(generation.ground))
        if facts:
            with self._because(generation):
                self.log.append(stream_of(_id(held)), facts, expected=generation.version)
            raise GroundUnderReview(f"the ground of generation {_id(held)} moved")

    def _generation(self, held: Claim) -> Generation:
        return Generation.replay(self.log.read(stream_of(_id(held))))

    def _because(self, generation: Generation) -> AbstractContextManager[None]:
        return because(Cause(generation.asked.generation))


def shape_of(asked: e.GenerationRequested) -> dict[str, Any]:
    """What a run must have in common with another, to be drawn together with it."""
    return {"engine": asked.engine, "width": asked.width, "height": asked.height, "seconds": asked.seconds}


def _id(held: Claim) -> str:
    return str(held.payload["generation"])
