"""A real broker for each file, a world for each test, and what was seen of both for the summary."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient

from placet.runtime.kafka.broker import BrokerMissing, jars, java
from placet.runtime.kafka.running import FIRST_PORT, RunningBroker, running_broker
from tests.conformance.summary import CASE, CLUSTER, COMMITTED
from tests.conformance.world import World
from tests.settings import WORKER

PORTS_EACH = 100
"""A broker that is killed leaves its port free for a moment: that of another process of tests may not take it."""


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    """One for each file: it takes a tenth of a core while nobody asks anything of it."""
    try:
        java(), jars()
    except BrokerMissing as missing:
        pytest.skip(str(missing))
    home = Path(tempfile.mkdtemp(prefix="placet-broker-"))
    with running_broker(home, FIRST_PORT + PORTS_EACH * WORKER) as running:
        yield running
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def world(request: pytest.FixtureRequest, fresh_database: str) -> Iterator[World]:
    """The same story over both transports."""
    yield from _world(request, fresh_database, request.param, request.param)


@pytest.fixture
def on_kafka(request: pytest.FixtureRequest, fresh_database: str) -> Iterator[World]:
    """What only Kafka can do to us."""
    yield from _world(request, fresh_database, "kafka", "kafka alone")


def _world(request: pytest.FixtureRequest, dsn: str, carried: str, case: str) -> Iterator[World]:
    seen: list[tuple[str, object]] = request.node.user_properties
    seen.append((CASE, case))
    address = request.getfixturevalue("broker").broker.address if carried == "kafka" else "127.0.0.1:1"
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = World(dsn, carried, address, connection)
        try:
            yield made
            if carried == "kafka":
                made.leave()
                seen.append((CLUSTER, made.cluster.cluster_id()))
                seen.append(_offsets(made))
        finally:
            made.end()


def _offsets(world: World) -> tuple[str, object]:
    """What the group has committed, as a stranger would look it up."""
    admin = KafkaAdminClient(bootstrap_servers=[world.brokers])
    group = f"{world.prefix}-ledger"
    try:
        found = admin.list_group_offsets([group])[group]
    except Exception as error:  # noqa: BLE001  a look for the summary: the test has said what it had to say
        return f"{COMMITTED} {group}", type(error).__name__
    else:
        return f"{COMMITTED} {group}", {f"{tp.topic}-{tp.partition}": at.offset for tp, at in sorted(found.items())}
    finally:
        admin.close()
