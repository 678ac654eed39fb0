"""A real broker for the run, a world for each test, and at the end what was seen of both."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from kafka import KafkaAdminClient

from placet.config.broker.running import RunningBroker, running_broker
from placet.config.broker.server import BrokerMissing, jars, java
from placet.eventlog.transports.kafka import Cluster
from tests.conformance.world import World

CASES: Final[Counter[str]] = Counter()
SEEN: Final[dict[str, object]] = {}


@pytest.fixture(scope="session")
def broker() -> Iterator[RunningBroker]:
    try:
        java(), jars()
    except BrokerMissing as missing:
        pytest.skip(str(missing))
    home = Path(tempfile.mkdtemp(prefix="placet-broker-"))
    with running_broker(home) as running:
        SEEN["cluster id"] = Cluster((running.broker.address,)).cluster_id()
        yield running
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def world(request: pytest.FixtureRequest, fresh_database: str) -> Iterator[World]:
    """The same story over both transports."""
    CASES[request.param] += 1
    yield from _world(request, fresh_database, request.param)


@pytest.fixture
def on_kafka(request: pytest.FixtureRequest, fresh_database: str) -> Iterator[World]:
    """What only Kafka can do to us."""
    CASES["kafka alone"] += 1
    yield from _world(request, fresh_database, "kafka")


def _world(request: pytest.FixtureRequest, dsn: str, carried: str) -> Iterator[World]:
    address = request.getfixturevalue("broker").broker.address if carried == "kafka" else "127.0.0.1:1"
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = World(dsn, carried, address, connection)
        try:
            yield made
            if carried == "kafka":
                made.leave()
                _note_offsets(made)
        finally:
            made.end()


def _note_offsets(world: World) -> None:
    """What the group has committed, as a stranger would look it up."""
    admin = KafkaAdminClient(bootstrap_servers=[world.brokers])
    try:
        group = f"{world.prefix}-ledger"
        found = admin.list_group_offsets([group])[group]
        SEEN[f"committed by {group}"] = {f"{tp.topic}-{tp.partition}": at.offset for tp, at in sorted(found.items())}
    except Exception as error:  # noqa: BLE001  a look for the summary: the test has said what it had to say
        SEEN[f"committed by {world.prefix}"] = type(error).__name__
    finally:
        admin.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CASES:
        terminalreporter.section("conformance of the transports")
        terminalreporter.write_line(f"cases: {dict(CASES)}")
        for name, value in SEEN.items():
            terminalreporter.write_line(f"{name}: {value}")
