"""How consumers are woken: embedded (in place) or over Apache Kafka. The log in PostgreSQL stays the truth in both."""
