"""Monitoring: one snapshot from PostgreSQL, from which alerts, `placet status`, `/readyz` and `/metrics` are made."""
