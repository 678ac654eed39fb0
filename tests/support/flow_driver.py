"""Runs the flow in this thread until nothing is left to do: sequencer, projections, consumers; then the tree."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.conf import settings

from placet.config import flow
from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, Progress
from placet.eventlog.consumers.runner import ConsumerRunner
from placet.eventlog.projections.runner import Projector
from placet.eventlog.proofs.keys import install_signer
from placet.eventlog.proofs.tree_service import TreeService
from placet.eventlog.store.connect import connect
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.transports.port import DeliveryBatch, DeliveryItem


class Patience(threading.Event):
    """A consumer that never skips would wait for ever in this thread: it may rest so long, then the test fails."""

    def __init__(self, seconds: float = 30) -> None:
        super().__init__()
        self.seconds_left = seconds

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds_left -= timeout or 0
        assert self.seconds_left > 0, "a consumer waits for what does not come; its warnings say which"
        return super().wait(timeout)


@dataclass
class FlowDriver:
    """One connection of its own; `without`: consumers that are dead."""

    connection: psycopg.Connection = field(default_factory=connect)
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        stop = Patience()
        self.keeper = TreeService(self.connection, install_signer(Path(settings.PLACET_DATA_DIR)))
        self.places = {c.name: checkpoints.read(self.connection, c.name)[THE_LOG].position for c in flow.consumers()}
        self.runners = {c.name: ConsumerRunner(c, self.connection, stop) for c in flow.consumers()}

    def run(self) -> None:
        """Until the log stands still."""
        while self.step():
            pass
        self.keeper.run_once()

    def step(self) -> bool:
        """One round. True while something moved."""
        moved = Sequencer(self.connection).run_once() > 0
        while Projector().run_once():
            moved = True
        return sum(self._consume(name) for name in self.runners if name not in self.without) > 0 or moved

    def _consume(self, name: str) -> bool:
        runner = self.runners[name]
        batch = batch_after(runner, self.places[name])
        if not batch.steps:
            return False
        self.places[name] = batch.reached[THE_LOG].position
        return runner.process(batch)


def batch_after(runner: ConsumerRunner, position: int) -> DeliveryBatch:
    """What the log holds for a consumer beyond a position, as the embedded transport would hand it on."""
    events = EventLog(runner.connection).read_from(position, 500)
    wanted = [DeliveryItem(e, THE_LOG, Progress(e.position)) for e in events if e.type in runner.consumer.answers]
    return DeliveryBatch((*wanted, *(DeliveryItem(None, THE_LOG, Progress(e.position)) for e in events[-1:])))


def run_from_checkpoint(runner: ConsumerRunner) -> None:
    """One batch, from where the consumer's checkpoint says."""
    place = checkpoints.read(runner.connection, runner.consumer.name)[THE_LOG]
    runner.process(batch_after(runner, place.position))
