"""Benches of the log. Each prints the reference beside ours, from the same run on the same tables."""
