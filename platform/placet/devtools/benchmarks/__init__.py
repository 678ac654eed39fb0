"""Benches that need the wiring: a database of their own, and the real processes."""
