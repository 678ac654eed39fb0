"""Backup and restore: primary data is copied, derived data is rebuilt, and erased data stays erased."""
