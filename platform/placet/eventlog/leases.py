"""Leases: leadership under a name, by a row that must be renewed. Only the database's clock counts."""

import secrets
from typing import Any, Final

import psycopg

LEASE_SECONDS: Final = 6.0
HOLD: Final = """
INSERT INTO eventlog_lease AS l (name, owner, until)
VALUES (%(name)s, %(owner)s, clock_timestamp() + make_interval(secs => %(s)s))
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE l.owner = excluded.owner OR l.until NOT BETWEEN clock_timestamp() AND excluded.until
RETURNING owner
"""
GIVE_UP: Final = "UPDATE eventlog_lease SET until = clock_timestamp() WHERE name = %s AND owner = %s"


class Lease:
    """Leadership under a name. It only saves others useless work: writes still need a compare-and-set.

    A lease that ends later than a new one would was set by a wrong clock: it is taken over.
    """

    def __init__(self, connection: psycopg.Connection[Any], name: str, seconds: float = LEASE_SECONDS) -> None:
        self._connection = connection
        self._parameters = {"name": name, "owner": secrets.token_hex(8), "s": seconds}

    def hold(self) -> bool:
        """Take or renew the lease. Returns False if another process leads."""
        return self._connection.execute(HOLD, self._parameters, prepare=True).fetchone() is not None

    def give_up(self) -> None:
        """End the lease now."""
        self._connection.execute(GIVE_UP, (self._parameters["name"], self._parameters["owner"]))
