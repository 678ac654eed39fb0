"""The relay against kafka-python's producer sending the same records, in alternating rounds, on the same broker."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

import psycopg

from placet.devtools.benchmarks.eventlog.entry import TEXT, EntryNoted
from placet.devtools.benchmarks.eventlog.row import Row, median
from placet.eventlog.consumers import checkpoints
from placet.eventlog.consumers.checkpoints import THE_LOG, EventSource
from placet.eventlog.gc_tuning import reduced_gc
from placet.eventlog.store.log import EventLog
from placet.eventlog.store.sequencer import Sequencer
from placet.eventlog.transports.cloudevents import headers_of, partition_of, room_of
from placet.eventlog.transports.kafka import KafkaCluster, Record
from placet.eventlog.transports.relay import NAME, SOURCE, Relay

EVENTS: Final = 40_000
STREAMS: Final = 200
LOOK_SECONDS: Final = 0.05
"""Rarely: the polling thread shares Python's lock with the relay."""
BACK: Final = "DELETE FROM eventlog_checkpoint WHERE name = 'relay'"


def relay_rows(dsn: str, cluster: KafkaCluster, rounds: int, report: Callable[[str], None]) -> list[Row]:
    """Each round publishes the same events to topics of its own."""
    with psycopg.connect(dsn, autocommit=True) as connection, reduced_gc():
        report(f"writing {EVENTS:,} events to publish")
        _fill(connection)
        ours, bare = [], []
        for number in range(rounds):
            report(f"relay, round {number + 1} of {rounds}")
            bare.append(_bare(connection, _recreate_topics(cluster)))
            ours.append(_ours(dsn, connection, _recreate_topics(cluster)))
    ratio = median([o / b for o, b in zip(ours, bare, strict=True)])
    return [
        Row("40,000 events of 300 bytes", round(median(ours)), "records/s", ">= 0.9", round(median(bare)),
            "kafka-python producer, same records", round(ratio, 3), judged=True),
    ]  # fmt: skip


def _recreate_topics(cluster: KafkaCluster) -> KafkaCluster:
    return KafkaCluster(cluster.servers, f"bench{uuid.uuid4().hex[:8]}", 1, cluster.partitions, 1, cluster.security)


def _fill(connection: psycopg.Connection) -> None:
    log = EventLog(connection)
    for _ in range(STREAMS):
        log.append(f"bench-{uuid.uuid4()}", [EntryNoted(TEXT)] * (EVENTS // STREAMS), expected=0)
    while Sequencer(connection).run_once():
        pass


def _bare(connection: psycopg.Connection, cluster: KafkaCluster) -> float:
    """Prepares the records before the clock starts."""
    events = EventLog(connection).read_for_relay(0, EVENTS)
    places = [EventSource(cluster.topic(room_of(e.type)), partition_of(e.stream, cluster.partitions)) for e in events]
    cluster.ensure_topics({place.topic for place in places})
    records = [
        Record(place, e.stream, e.data, headers_of(e, 0, SOURCE)) for place, e in zip(places, events, strict=True)
    ]
    producer = cluster.producer()
    begun = time.perf_counter()
    producer.wait(producer.send(records))
    rate = len(records) / (time.perf_counter() - begun)
    producer.close()
    return rate


def _ours(dsn: str, connection: psycopg.Connection, cluster: KafkaCluster) -> float:
    """The whole relay, from taking the lead on: reading, naming, sending, waiting, and recording its progress."""
    connection.execute(BACK)
    end, stop = EventLog(connection).last_position, threading.Event()
    relay = Relay(lambda: psycopg.connect(dsn, autocommit=True), cluster)
    cluster.ensure_topics({cluster.topic("bench")})
    thread = threading.Thread(target=relay.run, args=(stop,))
    begun = time.perf_counter()
    thread.start()
    while checkpoints.read(connection, NAME)[THE_LOG].position < end:
        time.sleep(LOOK_SECONDS)
    rate = end / (time.perf_counter() - begun)
    stop.set()
    thread.join()
    return rate
