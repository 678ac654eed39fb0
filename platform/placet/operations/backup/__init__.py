"""Backup and restore: what is truth goes in, what is derived is made again, and what was erased stays erased."""
