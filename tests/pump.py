"""Runs the flow in this thread until nothing is left to do: sequencer, projections, consumers, in turn."""

import threading
from dataclasses import dataclass, field

import psycopg

from placet.config import flow
from placet.eventlog.connecting import connect
from placet.eventlog.consuming import ConsumerRunner
from placet.eventlog.log import EventLog
from placet.eventlog.projecting import Projector
from placet.eventlog.sequencer import Sequencer


@dataclass
class Pump:
    """One connection of its own; `without`: consumers that are dead."""

    connection: psycopg.Connection = field(default_factory=connect)
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        flow.load()
        stop = threading.Event()
        self.runners = {c.name: ConsumerRunner(c, self.connection, stop) for c in flow.consumers()}

    def run(self) -> None:
        """Until the log stands still."""
        while self.step():
            pass

    def step(self) -> bool:
        """One round. True while something moved."""
        moved = Sequencer(self.connection).run_once() > 0
        while Projector().run_once():
            moved = True
        return sum(self._consume(name) for name in self.runners if name not in self.without) > 0 or moved

    def _consume(self, name: str) -> bool:
        runner = self.runners[name]
        events = EventLog(self.connection).read_from(runner.position, 500)
        if not events:
            return False
        runner.take([e for e in events if e.type in runner.consumer.answers], events[-1].position)
        return True
