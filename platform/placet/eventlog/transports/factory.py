"""Creates the transport set in `PLACET_TRANSPORT`."""

from django.conf import settings

from placet.eventlog.store.connect import connect
from placet.eventlog.transports.port import Transport


class UnknownTransport(ValueError):
    """`PLACET_TRANSPORT` is neither `embedded` nor `kafka`."""


def transport_of(role: str) -> Transport:
    """Transport for one process of a role. Under Kafka all processes of a role share its events."""
    match settings.PLACET_TRANSPORT:
        case "embedded":
            from placet.eventlog.transports.embedded import EmbeddedTransport

            return EmbeddedTransport(connect)
        case "kafka":
            from placet.eventlog.transports.kafka import KafkaCluster
            from placet.eventlog.transports.kafka_consumer_group import GroupTransport

            return GroupTransport(role, KafkaCluster.of_settings(), connect)
        case other:
            raise UnknownTransport(f"PLACET_TRANSPORT={other}: set it to `embedded` or `kafka`.")
