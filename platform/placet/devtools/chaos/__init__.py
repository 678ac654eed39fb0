"""Chaos test: real processes are killed at random under real load; then the log shows whether the promises held."""
