"""Who may lead, by a row that must be renewed; the database's own clock decides, nobody else's."""

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
    """A claim to lead under a name. It keeps others from working in vain; what is written needs a compare-and-set.

    One that ends later than a new one would was given by a clock that was wrong: it is taken over.
    """

    def __init__(self, connection: psycopg.Connection[Any], name: str, seconds: float = LEASE_SECONDS) -> None:
        self._connection = connection
        self._given = {"name": name, "owner": secrets.token_hex(8), "s": seconds}

    def hold(self) -> bool:
        """Take or renew it. False: somebody else leads."""
        return self._connection.execute(HOLD, self._given, prepare=True).fetchone() is not None

    def give_up(self) -> None:
        """Let the next one lead at once."""
        self._connection.execute(GIVE_UP, (self._given["name"], self._given["owner"]))
