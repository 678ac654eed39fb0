"""Apache Kafka for an install that has no cluster: the real broker, on loopback, from its jars on Maven's registry."""
