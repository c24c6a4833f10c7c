"""Names that one process at a time holds, in PostgreSQL: whoever dies lets go of all of them at once."""

from __future__ import annotations

import hashlib
import time
from threading import Lock

from chatrec.errors import StoreError
from chatrec.indexes._postgres import Connection, Postgres

_LOOKS = 40
_PAUSE = 0.025
"""Seconds before each look."""
_BUSY = """
    SELECT pid, query_start FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
"""


class Locks:
    """The server's advisory locks, on one connection that is lent as long as anything is held.

    Safe from several threads.

    Args:
        server: The server.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._connection: Connection | None = None
        self._held: set[int] = set()
        self._guard = Lock()

    def hold(self, name: str) -> bool:
        """See `chatrec.indexes._threads.HoldsNames`.

        Raises:
            StoreError: The server does not answer.
        """
        number = _number(name)
        with self._guard:
            if number in self._held:
                return False
            got = self._server.safely(lambda: self._ask(number))
            if got:
                self._held.add(number)
            self._rest()
            return got

    def let_go(self, name: str) -> None:
        """See there."""
        number = _number(name)
        with self._guard:
            self._held.discard(number)
            if self._connection is not None:
                try:
                    with self._server.errors():
                        self._connection.execute("SELECT pg_advisory_unlock(%s)", [number])
                except StoreError:
                    pass  # with the connection the server has let go of everything
            self._rest()

    def settle(self) -> None:
        """See there; a second at most, since others may be busy for long.

        Raises:
            StoreError: The server does not answer.
        """
        left: set[tuple[object, object]] | None = None
        for _ in range(_LOOKS):
            time.sleep(_PAUSE)  # time for the server to begin with what has just come
            with self._server.connection() as connection:
                busy = {(row["pid"], row["query_start"]) for row in connection.execute(_BUSY)}
            left = busy if left is None else left & busy
            if not left:
                return

    def _ask(self, number: int) -> bool:
        with self._server.errors():
            if self._connection is not None and self._connection.broken:
                self._give_back()
            if self._connection is None:
                self._connection = self._server.pool.getconn()
                # A machine that has gone without a word shall not hold its names for the server's usual two hours.
                self._connection.execute("SET tcp_keepalives_idle TO 10; SET tcp_keepalives_interval TO 5")
                for held in self._held:
                    self._try(self._connection, held)
            return self._try(self._connection, number)

    def _try(self, connection: Connection, number: int) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s) AS held", [number]).fetchone()
        return row is not None and bool(row["held"])

    def _rest(self) -> None:
        if not self._held and self._connection is not None:
            self._give_back()

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._server.pool.putconn(connection)


def _number(name: str) -> int:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
