"""Scheduled jobs: blob garbage collection each hour, a check of all projections each night."""
