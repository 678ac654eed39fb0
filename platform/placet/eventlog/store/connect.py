"""Database connections outside Django's, and loops that survive their loss: for the log's own threads."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg
from django.db import InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)
DATABASE_UNAVAILABLE: Final = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
"""What psycopg and Django raise when PostgreSQL cannot be reached or a connection is lost."""
RETRY_SECONDS: Final = 0.5
UNEXPECTED_RETRY_SECONDS: Final = 1.0


def connect(alias: str = "default") -> psycopg.Connection[Any]:
    """An autocommit connection with the parameters of Django's database `alias`."""
    parameters = connections[alias].get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters, autocommit=True)


def retry_while_unavailable(step: Callable[[], None], stop: threading.Event) -> None:
    """Call `step` until it returns or `stop` is set. Raises everything but an unavailable database."""
    while not stop.is_set():
        try:
            step()
        except DATABASE_UNAVAILABLE:
            stop.wait(RETRY_SECONDS)
        else:
            return


def run_forever(
    name: str,
    connect: Callable[[], psycopg.Connection[Any]],
    step: Callable[[psycopg.Connection[Any]], None],
    stop: threading.Event,
    unavailable: tuple[type[Exception], ...] = DATABASE_UNAVAILABLE,
) -> None:
    """Call `step` with a new connection until `stop` is set; `step` must return then.

    Errors in `unavailable` are logged as warnings, all others with a traceback; then `step` is called again.
    """
    while not stop.is_set():
        try:
            with connect() as connection:
                step(connection)
        except unavailable as error:
            logger.warning("%s: unavailable (%s); retrying", name, type(error).__name__)
            stop.wait(RETRY_SECONDS)
        except Exception:
            logger.exception("%s stopped unexpectedly; restarting", name)
            stop.wait(UNEXPECTED_RETRY_SECONDS)
