"""Benchmarks of the log, each with its reference from the same run on the same tables."""
