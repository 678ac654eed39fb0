"""Runs the flow in this thread until nothing is left to do: sequencer, projections, consumers, then the tree."""

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


class BoundedStop(threading.Event):
    """Bounds the retries of a consumer that never skips: after this many seconds the test fails."""

    def __init__(self, seconds: float = 30) -> None:
        super().__init__()
        self.seconds_left = seconds

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds_left -= timeout or 0
        assert self.seconds_left > 0, "a consumer retried too long; its warnings say which one and why"
        return super().wait(timeout)


@dataclass
class FlowDriver:
    """Runs over a connection of its own; `stopped_consumers` do not run."""

    connection: psycopg.Connection = field(default_factory=connect)
    stopped_consumers: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        stop = BoundedStop()
        self.tree_service = TreeService(self.connection, install_signer(Path(settings.PLACET_DATA_DIR)))
        self.positions = {c.name: checkpoints.read(self.connection, c.name)[THE_LOG].position for c in flow.consumers()}
        self.runners = {c.name: ConsumerRunner(c, self.connection, stop) for c in flow.consumers()}

    def run(self) -> None:
        """Run until nothing moves."""
        while self.step():
            pass
        self.tree_service.run_once()

    def step(self) -> bool:
        """Run one round. True when something moved."""
        moved = Sequencer(self.connection).run_once() > 0
        while Projector().run_once():
            moved = True
        return sum(self.consume(name) for name in self.runners if name not in self.stopped_consumers) > 0 or moved

    def consume(self, name: str) -> bool:
        runner = self.runners[name]
        batch = batch_after(runner, self.positions[name])
        if not batch.items:
            return False
        self.positions[name] = batch.reached[THE_LOG].position
        return runner.process(batch)


def batch_after(runner: ConsumerRunner, position: int) -> DeliveryBatch:
    """The batch of a consumer after a position, as the embedded transport delivers it."""
    events = EventLog(runner.connection).read_from(position, 500)
    wanted = [DeliveryItem(e, THE_LOG, Progress(e.position)) for e in events if e.type in runner.consumer.stored_types]
    return DeliveryBatch((*wanted, *(DeliveryItem(None, THE_LOG, Progress(e.position)) for e in events[-1:])))


def run_from_checkpoint(runner: ConsumerRunner) -> None:
    """Process one batch from the consumer's checkpoint."""
    checkpoint = checkpoints.read(runner.connection, runner.consumer.name)[THE_LOG]
    runner.process(batch_after(runner, checkpoint.position))
