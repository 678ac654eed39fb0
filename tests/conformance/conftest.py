"""A real broker for each file, a world for each test, and their properties for the summary."""

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
"""A killed broker frees its port for a moment: the broker of another test process must not take it."""


@pytest.fixture(scope="module")
def broker() -> Iterator[RunningBroker]:
    """One for each file: idle it takes a tenth of a core."""
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
    """The same test over both transports."""
    yield from _world(request, fresh_database, request.param, request.param)


@pytest.fixture
def on_kafka(request: pytest.FixtureRequest, fresh_database: str) -> Iterator[World]:
    """A world on Kafka alone."""
    yield from _world(request, fresh_database, "kafka", "kafka alone")


def _world(request: pytest.FixtureRequest, dsn: str, transport: str, case: str) -> Iterator[World]:
    properties: list[tuple[str, object]] = request.node.user_properties
    properties.append((CASE, case))
    address = request.getfixturevalue("broker").broker.address if transport == "kafka" else "127.0.0.1:1"
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = World(dsn, transport, address, connection)
        try:
            yield made
            if transport == "kafka":
                made.leave()
                properties.append((CLUSTER, made.cluster.cluster_id()))
                properties.append(_offsets(made))
        finally:
            made.end()


def _offsets(world: World) -> tuple[str, object]:
    """The offsets that the group has committed."""
    admin = KafkaAdminClient(bootstrap_servers=[world.brokers])
    group = f"{world.prefix}-ledger"
    try:
        found = admin.list_group_offsets([group])[group]
    except Exception as error:  # noqa: BLE001  only for the summary
        return f"{COMMITTED} {group}", type(error).__name__
    else:
        return f"{COMMITTED} {group}", {f"{tp.topic}-{tp.partition}": at.offset for tp, at in sorted(found.items())}
    finally:
        admin.close()
