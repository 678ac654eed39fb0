"""The roles and the database of an install, created by the cluster's administrator."""

from collections.abc import Mapping
from typing import Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

# The application may read and write tables by default; the log's own migration revokes UPDATE and DELETE.
GRANTS: Final[tuple[LiteralString, ...]] = (
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO placet_app",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO placet_app",
    "GRANT ALL ON SCHEMA public TO placet_owner",
    "ALTER DEFAULT PRIVILEGES FOR ROLE placet_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO placet_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE placet_owner GRANT USAGE, SELECT ON SEQUENCES TO placet_app",
)


def prepare_roles(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Roles named in `passwords` exist, can sign in and have no other right. May be called again."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        for role, password in passwords.items():
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            limits = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD")
            named = sql.Identifier(role)
            connection.execute(sql.SQL("{} ROLE {} {} {}").format(verb, named, limits, sql.Literal(password)))


def prepare_database(admin_dsn: str, name: str, *, template: str = "template0") -> None:
    """A database that `placet_owner` owns and `placet_app` may use. May be called again."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER placet_owner")
        connection.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    with psycopg.connect(make_conninfo(admin_dsn, dbname=name), autocommit=True) as connection:
        for grant in GRANTS:
            connection.execute(sql.SQL(grant).format(database=sql.Identifier(name)))


def drop_database(admin_dsn: str, name: str) -> None:
    """Drop the database and its open connections."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
