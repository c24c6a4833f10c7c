"""The commands of a PostgreSQL database: its tables made and brought up to date, everything moved there and back."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from chatrec.agent.doors._people import DATABASE_URL
from chatrec.errors import StoreError


def database(
    *,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the SQL that is still to be run, and change nothing.")
    ] = False,
) -> None:
    """Make the tables in a PostgreSQL database, or bring them up to date.

    - `chatrec database --database-url postgresql://me@host/shop --dry-run` shows what would be done
    - `chatrec database --database-url postgresql://me@host/shop` does it; again is harmless

    The database must exist, and its server must have the extension pgvector. A database without any of chatrec's
    tables is set up by whatever opens it first; an older one only by this command. All tables are in the schema
    `chatrec`.
    """
    from chatrec.indexes._persistence import needs_postgres

    if database_url is None:
        raise StoreError("there is no database", hint="give --database-url postgresql://user@host/name")
    with needs_postgres():
        from chatrec.indexes._postgres import connect
        from chatrec.indexes._postgres_schema import as_sql, migrate, pending
    server = connect(database_url)
    if dry_run:
        typer.echo(as_sql(pending(server)), nl=False)
        return
    taken = migrate(server)
    typer.echo(f"{server.shown}: {len(taken)} steps taken" if taken else f"{server.shown}: up to date")


_END = "A folder, a database's URL, home for chatrec's own folder, or database for the one in CHATREC_DATABASE_URL."


def migrate(
    source: Annotated[str, typer.Argument(help=_END, metavar="SOURCE")],
    target: Annotated[str, typer.Argument(help=_END, metavar="TARGET")],
) -> None:
    """Copy everything from this machine's folder to PostgreSQL, or back, and compare it item by item.

    - `chatrec migrate home database` what people said, conversations, and catalogs with their vectors
    - `chatrec migrate postgresql://me@host/shop backup` a folder that `CHATREC_HOME=backup chatrec chat` goes on with

    The source is only read. Run it while nobody is talking; stopped at any point, run it again. Typed lines, models and
    what `--interactions` learnt stay where they are.
    """
    from rich.console import Console

    from chatrec.agent.doors._terminal import Loading
    from chatrec.agent.doors._words import machine_language
    from chatrec.indexes._persistence import needs_postgres

    with needs_postgres():
        from chatrec.indexes._migrate import migrate_all
    with Loading(Console(stderr=True), language=machine_language()) as loading:
        counts = migrate_all(_end(source), _end(target), progress=loading.tell)
    typer.echo(
        f"copied and compared: {counts.catalogs} catalogs with {counts.items} items and vectors, {counts.records} "
        f"records of people, {counts.conversations} conversations of {counts.checkpoints} steps"
    )


def _end(text: str) -> str:
    from chatrec.indexes import home

    if text == "home":
        return str(home())
    if text != "database":
        return text
    url = os.environ.get("CHATREC_DATABASE_URL", "").strip()
    if not url:
        raise StoreError("there is no database", hint="set CHATREC_DATABASE_URL=postgresql://user@host/name")
    return url
