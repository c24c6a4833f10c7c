"""One PostgreSQL server: its URL without the password, pooled connections, time-outs, retries, errors with a cure."""

from __future__ import annotations

import logging
import random
import threading
import time
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from chatrec.errors import StoreError
from chatrec.indexes._persistence import is_database_url

SCHEMA = "chatrec"
"""The schema that holds all of chatrec's tables."""

_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 60
_PATIENCE = 10.0
"""For so many seconds what is safe to repeat is tried again, while the server does not answer."""
_MOST_CONNECTIONS = 10

_UPDATE = "create or update the tables: chatrec database --database-url URL"
_CURES = {
    "42501": "let the role do this, or run chatrec database as one that may",
    "42P01": _UPDATE,
    "42703": _UPDATE,
    "3F000": _UPDATE,
    "57014": f"a statement took longer than {_STATEMENT_SECONDS} seconds: see what the server is busy with",
}
"""What to do, by the state that the server reports."""

_opening = threading.Lock()
_open: weakref.WeakValueDictionary[str, Postgres] = weakref.WeakValueDictionary()

_T = TypeVar("_T")
Connection: TypeAlias = "psycopg.Connection[DictRow]"

# A library's warnings would be shown in the middle of a conversation; what matters is raised.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


def shown_url(url: str) -> str:
    """A database's URL as it may be shown: without the password, and without parameters that may hold one.

    Args:
        url: As for `Postgres`.

    Raises:
        StoreError: It is no URL of PostgreSQL.
    """
    parts = _parsed(url)
    user = f"{quote(str(parts['user']), safe='')}@" if parts.get("user") else ""
    host = str(parts.get("host") or "")
    port = f":{parts['port']}" if parts.get("port") else ""
    # A folder is where a socket of this machine is.
    where = quote(host, safe="") if host.startswith("/") else host
    return f"postgresql://{user}{where}{port}/{parts.get('dbname') or ''}"


class Postgres:
    """Connections to one database, for any number of threads.

    Args:
        url: `postgresql://user:password@host:port/database`; parameters of libpq may follow (`?sslmode=require`), and
            the environment of libpq counts (`PGPASSWORD`, `PGSSLMODE`, ...).
        most: How many connections at once, at most.
        patience: For how many seconds what is safe to repeat is tried again while the server does not answer.

    Raises:
        StoreError: It is no URL of PostgreSQL, or the server does not answer.
    """

    def __init__(self, url: str, *, most: int = _MOST_CONNECTIONS, patience: float = _PATIENCE) -> None:
        self.shown = shown_url(url)
        self._patience = patience
        told = _parsed(url)
        told.setdefault("connect_timeout", _CONNECT_SECONDS)
        told.setdefault("application_name", "chatrec")
        told.setdefault("keepalives_idle", 30)
        self._conninfo = make_conninfo(**told)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            self._conninfo,
            min_size=1,
            max_size=most,
            open=False,
            timeout=max(0.5, min(_CONNECT_SECONDS, patience)),
            # Attempts that go on grow rarer and rarer; so each call that needs a connection begins anew.
            reconnect_timeout=0.5,
            kwargs={"autocommit": True, "row_factory": dict_row},
            configure=_configure,
            name="chatrec",
        )
        self._finalizer = weakref.finalize(self, self._pool.close)
        with self.errors():
            psycopg.connect(self._conninfo).close()  # at once, and with the server's own words where it fails
        self._pool.open()

    def __repr__(self) -> str:
        return f"Postgres({self.shown!r})"

    @property
    def pool(self) -> ConnectionPool[Connection]:
        """The pool, for LangGraph's classes."""
        return self._pool

    @contextmanager
    def connection(self) -> Generator[Connection, None, None]:
        """A connection that commits every statement by itself.

        Raises:
            StoreError: The server does not answer, or refuses a statement.
        """
        with self.errors(), self._pool.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Generator[Connection, None, None]:
        """A connection in a transaction: everything or nothing.

        Raises:
            StoreError: The server does not answer, or refuses a statement.
        """
        with self.connection() as connection, connection.transaction():
            yield connection

    def safely(self, call: Callable[[], _T]) -> _T:
        """Call what may be repeated without harm, again while the server does not answer.

        Args:
            call: Only reads, or writes the same under the same keys each time.

        Raises:
            StoreError: The server did not answer in time, or refused.
        """
        deadline = time.monotonic() + self._patience
        pause = 0.05
        while True:
            try:
                return call()
            except StoreError as error:
                if not _passes(error.__cause__) or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(1.0, pause * 2)
            self._pool.check()

    def read(self, statement: str, values: Mapping[str, Any] | None = None) -> list[DictRow]:
        """The rows of a statement that only reads.

        Raises:
            StoreError: As for `safely`.
        """

        def read() -> list[DictRow]:
            with self.connection() as connection:
                # Planned anew each time: plans depend on how many rows a filter lets through.
                return connection.execute(statement.encode(), values, prepare=False, binary=True).fetchall()

        return self.safely(read)

    def renew(self) -> None:
        """Open new connections in place of those there are: they were opened before the schema was made.

        A connection that looks names up while another one makes the schema may go on to miss it.
        """
        self._pool.drain()

    @property
    def closed(self) -> bool:
        """Whether all connections are closed for good."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Close all connections, as happens anyway when nobody holds this object any more; again is harmless."""
        self._finalizer()

    @contextmanager
    def errors(self) -> Generator[None, None, None]:
        """Turn what psycopg raises into `StoreError`; the URL with its password is never part of it."""
        try:
            yield
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise StoreError(f"{self.shown}: {said}", hint=_cure(error)) from error


def connect(url: str) -> Postgres:
    """The connections of this process to a database: the same for all who ask with the same URL, while one holds them.

    Raises:
        StoreError: As for `Postgres`.
    """
    with _opening:
        server = _open.get(url)
        if server is None or server.closed:
            server = _open[url] = Postgres(url)
        return server


def _parsed(url: str) -> dict[str, Any]:
    if not is_database_url(url):
        # What is no URL may be anything, a password too.
        raise StoreError("this is no URL of a database", hint="write postgresql://user:password@host:5432/database")
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.Error:
        pass
    # Outside of the handler: libpq repeats the URL, password and all, in its message.
    raise StoreError(
        "the URL of the database is not understood",
        hint="write postgresql://user:password@host:5432/database; in a password, write @ as %40 and / as %2F",
    )


def _configure(connection: psycopg.Connection[Any]) -> None:
    settings = (
        f"SET search_path TO {SCHEMA}, public; SET statement_timeout TO '{_STATEMENT_SECONDS}s'; "
        f"SET idle_in_transaction_session_timeout TO '{_STATEMENT_SECONDS}s'; "
        # A graph goes on until it has found enough of the rows that a filter lets through.
        "SET jit TO off; "
        "SET hnsw.iterative_scan TO strict_order; SET hnsw.ef_search TO 200; SET hnsw.max_scan_tuples TO 200000"
    )
    connection.execute(settings.encode())


def _passes(error: BaseException | None) -> bool:
    """Whether an error says that the server was away or busy, and not that it refuses."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, psycopg.OperationalError):
        return False
    # No state: the connection broke. 08: connection, 40: serialization or deadlock, 53: resources, 57P: shutting down.
    return error.sqlstate is None or error.sqlstate.startswith(("08", "40", "53", "57P"))


def _cure(error: Exception) -> str:
    state = getattr(error, "sqlstate", None) or ""
    text = str(error).lower()
    if state.startswith("28") or "password" in text or "authentication" in text:
        return "check user and password in the URL, or PGPASSWORD"
    if state == "3D000" or ('database "' in text and "does not exist" in text):
        return "create the database first: createdb NAME"
    if state not in _CURES and _passes(error):
        return "is the server running, and can it be reached from here? What is under way is tried again by itself"
    return _CURES.get(state, "see the server's own words")
