"""Members on separate hosts share the work; one is cut off and comes back."""

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient

from tests.conformance.hosts import Host, hosts, why_unavailable
from tests.conformance.world import World

pytestmark = [pytest.mark.processes, pytest.mark.kafka, pytest.mark.promise("P6")]


@pytest.fixture
def two_hosts(on_kafka: World) -> Iterator[list[Host]]:
    if why := why_unavailable():
        pytest.skip(why)
    with hosts(2, on_kafka.dsn, on_kafka.brokers) as made:
        yield made
        on_kafka.end()  # before their network is gone


def member(world: World, host: Host) -> None:
    world.start("member", on=host.on, PLACET_DATABASE_URL=host.dsn)


def test_two_hosts_share_work_and_one_cut_off_does_no_harm(on_kafka: World, two_hosts: list[Host]) -> None:
    one, two = two_hosts
    on_kafka.start_transport()
    member(on_kafka, one)
    member(on_kafka, two)
    on_kafka.note(20, 5)
    on_kafka.wait_until_answered()
    on_kafka.wait(lambda: sharing(on_kafka) == 2)
    one.cut_off()
    on_kafka.note(20, 5)
    on_kafka.wait_until_answered()  # by the other, once the group has given it everything
    assert sharing(on_kafka) == 1
    one.reconnect()
    on_kafka.note(20, 5)
    on_kafka.wait_until_answered()
    on_kafka.wait(lambda: sharing(on_kafka) == 2)
    on_kafka.assert_complete()


def sharing(world: World) -> int:
    """How many members have partitions, according to Kafka."""
    client = KafkaAdminClient(bootstrap_servers=[world.brokers])
    try:
        name = f"{world.prefix}-ledger"
        members = client.describe_groups([name])[name]["members"]
        given = [one["member_assignment"] or {} for one in members]  # empty during a rebalance
        return sum(bool(one.get("assigned_partitions")) for one in given)
    finally:
        client.close()
