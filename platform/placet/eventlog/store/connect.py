"""Connections of one's own, outside Django's: for threads that tail, number and consume."""

from typing import Any

import psycopg
from django.db import connections


def connect(alias: str = "default") -> psycopg.Connection[Any]:
    """An autocommit connection with the parameters of Django's database `alias`."""
    parameters = connections[alias].get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters, autocommit=True)
