"""Requested to approved or refused, unique prompts, open loop, through the real processes; counted from the log."""

import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psutil
import psycopg

from placet.devtools.benchmarks.cpu import CpuMeter
from placet.devtools.benchmarks.eventlog.row import Row, percentile
from placet.eventlog.store.connect import connect
from placet.eventlog.store.event import stream_name
from placet.eventlog.store.log import EventLog
from placet.kernel.ids import PersonId
from placet.likeness.events import ConsentLevelSet, GrantIssued, LikenessEnrolled
from placet.studio.commands import RequestGeneration, request_generation
from placet.studio.events import GenerationRequested

WARM_SECONDS = 60.0
DRAIN_SECONDS = 60.0
REQUESTERS = 400
WORDS = ("red", "blue", "green", "metal", "rubber", "ball", "cube", "star", "ring", "cone", "grass", "sand")
LATENCIES = """
SELECT extract(epoch FROM min(d.recorded_at) - r.recorded_at)
FROM eventlog_event r LEFT JOIN eventlog_event d ON d.stream = r.stream
    AND d.type IN
        ('studio.generation_approved.v1', 'studio.generation_refused.v1', 'studio.generation_held_for_review.v1')
WHERE r.type = 'studio.generation_requested.v1' AND r.recorded_at >= %s
GROUP BY r.stream, r.recorded_at
"""
SUSTAINED = """
SELECT count(*) FILTER (WHERE type <> 'studio.generation_requested.v1')
       / nullif(extract(epoch FROM max(recorded_at) - (SELECT min(recorded_at) FROM eventlog_event
             WHERE type = 'studio.generation_requested.v1' AND recorded_at >= %s)), 0)
FROM eventlog_event WHERE recorded_at >= %s
    AND type IN
        ('studio.generation_approved.v1', 'studio.generation_refused.v1', 'studio.generation_held_for_review.v1')
"""


def flow_rows(dsn: str, rates: list[int], seconds: float, report: Callable[[str], None]) -> list[Row]:
    """(a) every stage, with recorded embeddings; (b) everything real, against the model's own limit."""
    rows = [_measured(dsn, Trial(rate, seconds), report) for rate in rates]
    before = model_ceiling(report)
    real = _measured(dsn, Trial(max(20, int(before * 0.6)), seconds, "model_consumers"), report)
    ceiling = (before + model_ceiling(report)) / 2
    return [*rows, Row(
        "(b) everything real", real.ours, "decisions/s", ">= 0.5", round(ceiling, 1), "the model alone, batches of 32",
        round(real.ours / ceiling, 3), judged=True, lost=real.lost, p95_ms=real.p95_ms, cpu_ms_each=real.cpu_ms_each,
    )]  # fmt: skip


def kafka_rows(dsn: str, address: str, rates: list[int], seconds: float, report: Callable[[str], None]) -> list[Row]:
    """The same processes over Kafka, against the embedded transport at the same rates in the same run."""
    over_kafka = {
        "PLACET_TRANSPORT": "kafka",
        "PLACET_KAFKA_BOOTSTRAP_SERVERS": address,
        "PLACET_KAFKA_TOPIC_PREFIX": f"bench{uuid.uuid4().hex[:8]}",
    }
    rows = []
    for rate in rates:
        embedded = _measured(dsn, Trial(rate, seconds), report)
        kafka = _measured(dsn, Trial(rate, seconds, over=over_kafka), report)
        rows.append(replace(
            kafka, case=f"(a) over Kafka at {rate}/s", goal=">= 0.5", reference=embedded.ours,
            reference_name="embedded, same rate", ratio=round(kafka.ours / embedded.ours, 3),
        ))  # fmt: skip
    return rows


def model_ceiling(report: Callable[[str], None]) -> float:
    """Prompts per second of the sentence model alone, in a process of its own."""
    report("measuring the sentence model alone")
    words = [sys.executable, "-m", "placet.devtools.benchmarks.model_alone"]
    return float(subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ}).stdout)


@dataclass(frozen=True, slots=True)
class Trial:
    """A request rate and a duration. `over`: the transport's settings."""

    rate: int
    seconds: float
    checks: str = "model_consumers-recorded"
    over: Mapping[str, str] = field(default_factory=dict)


def _measured(dsn: str, trial: Trial, report: Callable[[str], None]) -> Row:
    with parts(dsn, trial) as processes, connect() as connection:
        requesters = requesters_of(connection)
        report(f"flow: waiting for {trial.checks} to be warm")
        _one_decision(connection, requesters[0])
        report(f"flow: {trial.rate} requests/s for {trial.seconds:.0f} s")
        begun = connection.execute("SELECT clock_timestamp()").fetchone()
        meter = CpuMeter({**processes, **_broker(), "postgres": _postmaster(connection), "load": os.getpid()})
        _open_loop(trial.rate, trial.seconds, requesters)
        latencies, lost = _drained(connection, begun[0] if begun else None)
        sustained = _sustained(connection, begun[0] if begun else None)
        cpu = meter.milliseconds_each(len(latencies))
    decided = [x for x in latencies if x is not None]
    case = f"(a) all stages at {trial.rate}/s"
    return Row(
        case, round(sustained, 1), "decisions/s", ">= 300/s, p95 < 150 ms, 0 lost", judged=True,
        lost=lost, p95_ms=round(1000 * percentile(decided, 0.95), 1), cpu_ms_each=cpu,
    )  # fmt: skip


def _sustained(connection: psycopg.Connection[Any], begun: Any) -> float:
    """Decisions per second, from the first request to the last decision."""
    row = connection.execute(SUSTAINED, (begun, begun)).fetchone()
    return float(row[0]) if row and row[0] else 0.0


def _open_loop(rate: int, seconds: float, requesters: list[PersonId]) -> None:
    """Four writers, each with a connection; a request is sent on time, whether or not the one before has ended."""
    plan = [n / rate for n in range(int(rate * seconds))]
    start, threads = time.monotonic() + 0.2, []
    for share in range(4):
        threads.append(threading.Thread(target=_request, args=(start, plan[share::4], requesters, share)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _request(start: float, times: list[float], requesters: list[PersonId], share: int) -> None:
    chance = random.Random(share)
    with connect() as connection:
        log = EventLog(connection)
        for at in times:
            time.sleep(max(0.0, start + at - time.monotonic()))
            request_generation(log, _command(chance.choice(requesters), chance))


def _command(requester: PersonId, chance: random.Random) -> RequestGeneration:
    prompt = f"a {' '.join(chance.sample(WORDS, 6))} {chance.randrange(10**9)}"
    return RequestGeneration(str(uuid.uuid4()), requester, prompt, (CAMEO,) if chance.random() < 0.3 else ())


CAMEO = PersonId("00000000-0000-4000-8000-0000000000ca")


def requesters_of(connection: psycopg.Connection[Any]) -> list[PersonId]:
    """Many, because each has a daily quota; one person, who is in three of ten clips, has granted them all consent."""
    requesters = [PersonId(str(uuid.uuid4())) for _ in range(REQUESTERS)]
    log = EventLog(connection)
    consent = stream_name(ConsentLevelSet, CAMEO)
    head = log.heads([consent])[consent]
    facts: list[object] = [] if head else [LikenessEnrolled(CAMEO, str(uuid.uuid4()), "0" * 64, "none")]
    log.append(consent, [*facts, *(GrantIssued(CAMEO, a) for a in requesters)], expected=head)
    return requesters


def _one_decision(connection: psycopg.Connection[Any], requester: PersonId) -> None:
    generation = request_generation(EventLog(connection), _command(requester, random.Random(0)))
    until = time.monotonic() + WARM_SECONDS
    stream = stream_name(GenerationRequested, generation)
    while EventLog(connection).heads([stream])[stream] < 5:
        if time.monotonic() > until:
            raise TimeoutError("the processes did not answer one request in time")
        time.sleep(0.05)


def _drained(connection: psycopg.Connection[Any], begun: Any) -> tuple[list[float | None], int]:
    """Latencies once every request is decided, or after a minute; None for undecided requests."""
    until = time.monotonic() + DRAIN_SECONDS
    while True:
        rows = [r[0] for r in connection.execute(LATENCIES, (begun,)).fetchall()]
        undecided = sum(r is None for r in rows)
        if not undecided or time.monotonic() > until:
            return [None if r is None else float(r) for r in rows], undecided
        time.sleep(0.5)


@contextmanager
def parts(dsn: str, trial: Trial) -> Iterator[dict[str, int]]:
    """The deciding processes: part -> pid. They end with the block."""
    environment = {**os.environ, "PLACET_DATABASE_URL": dsn, **trial.over}
    started = {
        part: subprocess.Popen([sys.executable, "-m", "placet.devtools.benchmarks.flow_part", part], env=environment)
        for part in ("sequencer", "consumers", trial.checks, *(["relay"] if trial.over else []))
    }
    try:
        yield {part.removesuffix("-recorded"): process.pid for part, process in started.items()}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait(15)


def _broker() -> dict[str, int]:
    """The broker, if this benchmark has started one."""
    pids = [child.pid for child in psutil.Process().children() if child.name() == "java"]
    return {"broker": pids[0]} if pids else {}


def _postmaster(connection: psycopg.Connection[Any]) -> int:
    """The parent of this connection's backend."""
    return psutil.Process(connection.info.backend_pid).ppid()
