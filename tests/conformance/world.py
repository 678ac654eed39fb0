"""A log, its sequencer, with Kafka a broker and a relay, and members that start, stop, sleep and die."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG
from placet.eventlog.store.log import EventLog
from placet.eventlog.transports.kafka import KafkaCluster
from placet.eventlog.transports.relay import NAME as RELAY
from tests.conformance.consumer import NAME
from tests.eventlog.ledger import EntryNoted

PATIENCE_SECONDS = 180.0
PART = Path(__file__).with_name("consumer_process.py")
ROOT = Path(__file__).parents[2]


@dataclass
class World:
    """`transport` is `embedded` or `kafka`; every process started here ends with the test."""

    dsn: str
    transport: str
    brokers: str
    connection: psycopg.Connection
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")
    settings: dict[str, str] = field(default_factory=dict)
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)

    @property
    def log(self) -> EventLog:
        return EventLog(self.connection)

    @property
    def cluster(self) -> KafkaCluster:
        """As the processes of this test see it."""
        topic_epoch = int(self.settings.get("PLACET_KAFKA_TOPIC_EPOCH", "1"))
        partitions = int(self.settings.get("PLACET_KAFKA_PARTITIONS", "4"))
        return KafkaCluster((self.brokers,), self.prefix, topic_epoch, partitions)

    @property
    def topic(self) -> str:
        """The topic of the ledger's events."""
        return self.cluster.topic("ledger")

    # -- processes

    def start_transport(self) -> "subprocess.Popen[bytes] | None":
        """Start sequencer and relay."""
        self.start("sequencer")
        return self.start("relay") if self.transport == "kafka" else None

    def start(self, part: str, *, on: Sequence[str] = (), **more: str) -> "subprocess.Popen[bytes]":
        """Start a process. `on`: command prefix that runs it elsewhere."""
        environment: Mapping[str, str] = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}/platform:{ROOT}",
            "PLACET_DATABASE_URL": self.dsn,
            "PLACET_TRANSPORT": self.transport,
            "PLACET_KAFKA_BOOTSTRAP_SERVERS": self.brokers,
            "PLACET_KAFKA_TOPIC_PREFIX": self.prefix,
            "PLACET_KAFKA_PARTITIONS": "4",
            "PLACET_LOG_LEVEL": os.environ.get("PLACET_LOG_LEVEL", "CRITICAL"),
            **self.settings,
            **more,
        }
        self.started.append(subprocess.Popen([*on, sys.executable, str(PART), part], env=environment, cwd=ROOT))
        return self.started[-1]

    def kill(self, process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGKILL) -> None:
        process.send_signal(how)
        if how in {signal.SIGKILL, signal.SIGTERM}:
            process.wait(120)

    def leave(self) -> None:
        """Stop all processes, as in production."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.started:
            process.wait(120)

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait(120)

    # -- events

    def note(self, streams: int, each: int, *texts: str) -> None:
        """Append `each` more entries to each of the first `streams` accounts, in turn."""
        while len(self.streams) < streams:
            self.streams.append(f"account-{uuid.uuid4()}")
        for number in range(each):
            for stream in self.streams[:streams]:
                head = self.log.heads([stream])[stream]
                text = texts[number] if texts else f"{head + 1}"
                self.log.append(stream, [EntryNoted(text)], expected=head)

    @property
    def noted(self) -> int:
        return sum(self.log.heads(self.streams).values()) if self.streams else 0

    def answered(self) -> int:
        heads = self.log.heads([self.answer_of(s) for s in self.streams])
        return sum(heads.values())

    @staticmethod
    def answer_of(stream: str) -> str:
        return stream.replace("account-", "answer-")

    def is_relayed(self) -> bool:
        """Whether the relay has reached the end of the log."""
        end = self.log.last_position
        pending = self.count("SELECT count(*) FROM eventlog_event_pending")
        return not pending and checkpoints.read(self.connection, RELAY)[THE_LOG].position == end

    def wait(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < until, f"{self.answered()} of {self.noted} answered in time"
            time.sleep(0.05)

    def wait_until_answered(self) -> None:
        self.wait(lambda: self.answered() >= self.noted)

    def assert_complete(self) -> None:
        """Assert: every entry was answered once, in the order of its stream, with one outbox item."""
        for stream in self.streams:
            entries = [e.fact.text for e in self.log.read(stream)]
            answers = [e.fact.text for e in self.log.read(self.answer_of(stream))]
            assert answers == entries, stream
        assert self.count("SELECT count(*) FROM eventlog_outbox WHERE consumer = %s", NAME) == self.noted
        assert self.count("SELECT count(*) FROM eventlog_dead_letter") == 0

    def count(self, query: str, *parameters: object) -> int:
        row = self.connection.execute(query, parameters).fetchone()
        return int(row[0]) if row else 0
