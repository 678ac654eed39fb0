"""Benchmarks that need a database of their own and the real processes."""
