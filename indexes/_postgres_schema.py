"""The tables in PostgreSQL: made and brought up to date in numbered steps, by one process at a time."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.store.postgres import PostgresStore

from chatrec.errors import StoreError
from chatrec.indexes._postgres import SCHEMA, Connection, Postgres

_LOCK = 7_223_101_952
"""The number of the server's lock that whoever changes the schema holds."""
_WAIT_SECONDS = 60.0

_OWN = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public",
    """CREATE TABLE IF NOT EXISTS catalogs (
    name text PRIMARY KEY,
    number integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    embedder text NOT NULL,
    dimensions integer NOT NULL DEFAULT 0,
    told jsonb NOT NULL DEFAULT '{}',
    facets text[] NOT NULL DEFAULT '{}',
    items integer NOT NULL DEFAULT 0,
    next_row integer NOT NULL DEFAULT 0,
    body_words bigint NOT NULL DEFAULT 0,
    title_words bigint NOT NULL DEFAULT 0,
    longest integer NOT NULL DEFAULT 0,
    total double precision[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now()
)""",
)
"""Ours. Append only: a server has run the first of them already."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a migration.

    Attributes:
        table: Where it is written down that the step was taken.
        version: Its number there, from 0.
        statement: The SQL.
    """

    table: str
    version: int
    statement: str


_ALL = tuple(
    Step(table, version, statement.strip())
    for table, statements in (
        ("schema_migrations", _OWN),
        ("store_migrations", PostgresStore.MIGRATIONS),
        ("checkpoint_migrations", PostgresSaver.MIGRATIONS),
    )
    for version, statement in enumerate(statements)
)
_TABLES = tuple(dict.fromkeys(step.table for step in _ALL))


def pending(server: Postgres) -> tuple[Step, ...]:
    """The steps that a database still lacks, in order.

    Raises:
        StoreError: The server does not answer, or a newer chatrec made the tables.
    """

    def read() -> tuple[Step, ...]:
        with server.connection() as connection:
            return _pending(connection)

    return server.safely(read)


def migrate(server: Postgres) -> tuple[Step, ...]:
    """Take the steps that a database still lacks; several processes may call this at once.

    Returns:
        The steps that were taken.

    Raises:
        StoreError: The server does not answer or refuses a step; those before it are kept.
    """

    def change() -> tuple[Step, ...]:
        with server.connection() as connection, _alone(connection):
            steps = _pending(connection)
            if steps:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            for table in dict.fromkeys(step.table for step in steps):
                connection.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table} (v integer PRIMARY KEY)".encode())
            for step in steps:
                # One statement at a time, not in a transaction: an index made beside writers allows none.
                connection.execute(step.statement.encode())
                connection.execute(f"INSERT INTO {SCHEMA}.{step.table} (v) VALUES ({step.version})".encode())
            return steps

    # Every step may be taken twice, so one that was cut off is taken again.
    return server.safely(change)


def ready(server: Postgres) -> None:
    """Make the tables in a database that has none of them; refuse one whose tables are older or newer.

    Raises:
        StoreError: The tables are of another version, or the server does not answer.
    """
    steps = pending(server)
    if not steps:
        return
    if len(steps) == len(_ALL):
        migrate(server)
    elif steps := _still(server):
        raise StoreError(
            f"{server.shown}: the tables lack {len(steps)} steps of this chatrec",
            hint="update them: chatrec database --database-url URL (--dry-run shows the SQL)",
        )
    server.renew()


def _still(server: Postgres) -> tuple[Step, ...]:
    """What is pending once nobody else is at work on it."""

    def read() -> tuple[Step, ...]:
        with server.connection() as connection, _alone(connection):
            return _pending(connection)

    return server.safely(read)


def as_sql(steps: tuple[Step, ...]) -> str:
    """The steps as a script for psql, which does what `migrate` does."""
    if not steps:
        return "-- nothing to do\n"
    lines = [f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};", f"SET search_path TO {SCHEMA}, public;"]
    lines += [f"CREATE TABLE IF NOT EXISTS {table} (v integer PRIMARY KEY);" for table in _TABLES]
    for step in steps:
        lines.append(f"{step.statement.rstrip(';')};")
        lines.append(f"INSERT INTO {step.table} (v) VALUES ({step.version});")
    return "\n".join(lines) + "\n"


def _pending(connection: Connection) -> tuple[Step, ...]:
    taken: dict[str, int] = {}
    for table in _TABLES:
        there = connection.execute("SELECT to_regclass(%s) AS found", [f"{SCHEMA}.{table}"]).fetchone()
        if there is not None and there["found"] is not None:
            last = connection.execute(f"SELECT max(v) AS v FROM {SCHEMA}.{table}".encode()).fetchone()
            if last is not None and last["v"] is not None:
                taken[table] = last["v"]
    known = {step.table: step.version for step in _ALL}
    newer = [table for table, version in taken.items() if version > known[table]]
    if newer:
        raise StoreError(f"a newer chatrec made the tables ({', '.join(newer)})", hint="upgrade chatrec here as well")
    return tuple(step for step in _ALL if step.version > taken.get(step.table, -1))


@contextmanager
def _alone(connection: Connection) -> Generator[None, None, None]:
    """Hold the server's lock.

    Waiting inside the server would hold up the one who makes an index beside writers, so it is asked for repeatedly.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s) AS held", [_LOCK]).fetchone()
        if row is not None and row["held"]:
            break
        if time.monotonic() > deadline:
            raise StoreError(
                f"another process has been changing the tables for {_WAIT_SECONDS:g} seconds", hint="try again later"
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
