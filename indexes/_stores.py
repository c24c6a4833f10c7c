"""LangGraph stores fit for a laptop: in memory for threads, in SQLite for sync and async callers and processes.

LangGraph's own SQLite store serves synchronous callers only, commits half of a batch that failed, and cannot be opened
for the first time by two processes at once. These also write a value only where there is none, as one step.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Self

from langgraph.store.base import GetOp, Op, PutOp, Result
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

from chatrec.indexes._database import Database


class MemoryStore(InMemoryStore):
    """LangGraph's store in memory, with a lock, so that threads may share it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations, all or none of them seen by other threads."""
        ops = list(ops)
        with self._lock:
            results = super().batch(ops)
            for op in ops:
                # The name holds an encoded user id: who was erased leaves it too.
                if isinstance(op, GetOp | PutOp) and not self._data[op.namespace]:
                    self._data.pop(op.namespace)
                    self._vectors.pop(op.namespace, None)
            return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations; nothing waits, so no thread is needed."""
        return self.batch(ops)

    def put_once(self, namespace: tuple[str, ...], key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Write a value where there is none, atomically.

        Returns:
            The value that is there now.
        """
        with self._lock:
            (found,) = super().batch([GetOp(namespace, key)])
            if found is None:
                super().batch([PutOp(namespace, key, dict(value), index=False)])
                return dict(value)
            return dict(found.value)  # type: ignore[union-attr]

    def close(self) -> None:
        """Nothing to release; here so that every store is closed alike."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class LocalStore(SqliteStore):
    """LangGraph's SQLite store on a connection of its own, for sync and async callers, threads and processes.

    Args:
        path: The file, made with its folders when missing.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._database = Database(path)
        super().__init__(self._database.conn)
        # Taken again by the same thread, which LangGraph's own lock does not allow.
        self._turn = threading.RLock()
        self._writes = True
        self.setup()

    def setup(self) -> None:
        """Create or migrate the tables, in one transaction: other processes may be about to do the same."""
        with self._turn:
            if self.is_setup:
                return
            with self._database.transaction() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS store_migrations (v INTEGER PRIMARY KEY)")
                (last,) = cursor.execute("SELECT max(v) FROM store_migrations").fetchone()
                first = 0 if last is None else last + 1
                for version, statement in enumerate(self.MIGRATIONS[first:], start=first):
                    cursor.execute(statement)
                    cursor.execute("INSERT INTO store_migrations (v) VALUES (?)", (version,))
            self.is_setup = True

    @contextmanager
    def _cursor(self, *, transaction: bool = True) -> Generator[sqlite3.Cursor, None, None]:
        with self._turn, self._database.transaction(writes=transaction and self._writes) as cursor:
            yield cursor

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations, all or none of them."""
        ops = list(ops)
        with self._turn:
            # Readers need not wait for other processes' writers.
            self._writes = any(isinstance(op, PutOp) for op in ops)
            try:
                return super().batch(ops)
            finally:
                self._writes = True

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations on a thread, all or none of them."""
        return await asyncio.to_thread(self.batch, list(ops))

    def put_once(self, namespace: tuple[str, ...], key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Write a value where there is none, atomically, whatever other processes do.

        Returns:
            The value that is there now.
        """
        with self._cursor() as cursor:
            found: list[Result] = [None]
            self._batch_get_ops([(0, GetOp(namespace, key))], found, cursor)
            if found[0] is None:
                self._batch_put_ops([(0, PutOp(namespace, key, dict(value), index=False))], cursor)
                return dict(value)
            return dict(found[0].value)  # type: ignore[union-attr]

    def scrub(self) -> None:
        """Leave no byte of deleted records in the file or in the log beside it."""
        with self._turn:
            self._database.scrub()

    def close(self) -> None:
        """Close the file; again is harmless."""
        with self._turn:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
