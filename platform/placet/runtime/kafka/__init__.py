"""Apache Kafka for an install without a cluster: the real broker, on loopback, from its jars in Maven's registry."""
