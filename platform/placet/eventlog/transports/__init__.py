"""Transports wake consumers: embedded, or over Apache Kafka. With both, the log in PostgreSQL is the truth."""
