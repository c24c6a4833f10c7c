"""LangGraph's store and checkpointer in PostgreSQL, for sync and async callers, threads and processes.

LangGraph's own do not repeat what a broken connection cut off, and let one thread at a time use the pool. Every write
here is safe to repeat: records, claims and checkpoints have keys of their own, made before they are sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Self

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.store.base import Op, PutOp, Result, SearchItem
from langgraph.store.postgres import PostgresStore
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from chatrec.errors import StoreError
from chatrec.indexes._postgres import Postgres
from chatrec.indexes._postgres_locks import Locks
from chatrec.indexes._postgres_schema import ready
from chatrec.indexes._savers import ThreadedSaver, serializer

_alone: ContextVar[bool] = ContextVar("alone", default=False)
"""Whether one statement is all that is done, which is a transaction by itself."""


_unhurried: ContextVar[bool] = ContextVar("unhurried", default=False)
"""Whether the server need not wait for its disk. Where its machine breaks down, steps of the last moments are lost, as
with SQLite's file; nothing is where a process dies, and events are waited for."""


@contextmanager
def _unwaited() -> Generator[None, None, None]:
    token = _unhurried.set(True)
    try:
        yield
    finally:
        _unhurried.reset(token)


class _Connected:
    """What store and checkpointer share: a server, of their own or lent, and its cursors."""

    server: Postgres

    def _connect(self, server: Postgres) -> Postgres:
        self.server = server
        ready(self.server)
        return self.server

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Generator[Cursor[DictRow], None, None]:
        """A cursor; with `pipeline` everything or nothing, in one journey."""
        # What is sent before the one sync at a pipeline's end is one transaction; to say so would cost two more waits.
        with (
            self.server.connection() as connection,
            connection.pipeline() if pipeline and not _alone.get() else nullcontext(),
            connection.cursor(binary=True, row_factory=dict_row) as cursor,
        ):
            if pipeline and _unhurried.get():
                cursor.execute("SELECT set_config('synchronous_commit', 'off', true)")
            yield cursor

    def close(self) -> None:
        """Nothing: others may use the connections too; they are closed when nobody does."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class ServerStore(_Connected, PostgresStore):
    """LangGraph's PostgreSQL store.

    Args:
        server: The server.

    Raises:
        StoreError: The server does not answer, or its tables are of another version.
    """

    def __init__(self, server: Postgres) -> None:
        PostgresStore.__init__(self, self._connect(server).pool)
        self._locks = Locks(server)

    def __repr__(self) -> str:
        return f"ServerStore({self.server.shown!r})"

    def hold(self, name: str) -> bool:
        """Hold a name against all processes until `let_go`, or this one's end; False where anybody holds it."""
        return self._locks.hold(name)

    def let_go(self, name: str) -> None:
        """Hold it no more."""
        self._locks.let_go(name)

    def settle(self) -> None:
        """Wait until the server has written what processes that are gone had sent."""
        self._locks.settle()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations, all or none of them."""
        ops = list(ops)
        if len(ops) == 1:
            token = _alone.set(True)
            try:
                return self.server.safely(lambda: PostgresStore.batch(self, ops))
            finally:
                _alone.reset(token)
        if not any(isinstance(op, PutOp) for op in ops):
            return self.server.safely(lambda: PostgresStore.batch(self, ops))
        # LangGraph counts a key twice in a batch as an error of the server; the last word counts, as elsewhere.
        last = {(op.namespace, op.key): at for at, op in enumerate(ops) if isinstance(op, PutOp)}
        kept = [op for at, op in enumerate(ops) if not isinstance(op, PutOp) or last[op.namespace, op.key] == at]
        done = iter(self.server.safely(lambda: PostgresStore.batch(self, kept)))
        at_once = {id(op) for op in kept}
        return [next(done) if id(op) in at_once else None for op in ops]

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations on a thread, all or none of them."""
        return await asyncio.to_thread(self.batch, list(ops))

    def read_namespace(self, namespace: tuple[str, ...]) -> list[SearchItem]:
        """Everything in exactly this namespace; LangGraph's search looks below it too, which takes longer."""

        def rows() -> list[DictRow]:
            with self._cursor() as cursor:
                statement = "SELECT key, value, created_at, updated_at FROM store WHERE prefix = %s ORDER BY key"
                return cursor.execute(statement, [".".join(namespace)]).fetchall()

        return [SearchItem(namespace, **row) for row in self.server.safely(rows)]

    def put_once(self, namespace: tuple[str, ...], key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Write a value where there is none, atomically, whatever other processes do.

        Returns:
            The value that is there now.
        """
        where = {"prefix": ".".join(namespace), "key": key, "value": json.dumps(dict(value))}

        def put() -> dict[str, Any]:
            with self.server.connection() as connection:
                connection.execute(
                    "INSERT INTO store (prefix, key, value) VALUES (%(prefix)s, %(key)s, %(value)s) "
                    "ON CONFLICT (prefix, key) DO NOTHING",
                    where,
                )
                row = connection.execute(
                    "SELECT value FROM store WHERE prefix = %(prefix)s AND key = %(key)s", where
                ).fetchone()
            if row is None:
                raise StoreError("a claim was deleted while it was made", hint="try again")
            return dict(row["value"])

        return self.server.safely(put)

    def scrub(self) -> None:
        """Make the server overwrite what deleted records left in its table.

        Raises:
            StoreError: The role may not, or something older is still being read.
        """
        scrub(self.server, "store")


class ServerSaver(_Connected, ThreadedSaver, PostgresSaver):
    """LangGraph's PostgreSQL checkpointer.

    Args:
        server: The server.
        types: Classes of values in a conversation's state that are built again when they are read.

    Raises:
        StoreError: The server does not answer, or its tables are of another version.
    """

    def __init__(self, server: Postgres, *, types: Sequence[type] = ()) -> None:
        PostgresSaver.__init__(self, self._connect(server).pool, serde=serializer(types))

    def __repr__(self) -> str:
        return f"ServerSaver({self.server.shown!r})"

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A checkpoint of a conversation, by default the last one."""
        return self.server.safely(lambda: PostgresSaver.get_tuple(self, config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """The checkpoints, newest first, all read before the first is handed out: no connection is held meanwhile."""
        yield from self.server.safely(
            lambda: tuple(PostgresSaver.list(self, config, filter=filter, before=before, limit=limit))
        )

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint."""
        with _unwaited():
            return self.server.safely(lambda: PostgresSaver.put(self, config, checkpoint, metadata, new_versions))

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a step of a turn wrote."""
        with _unwaited():
            self.server.safely(lambda: PostgresSaver.put_writes(self, config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """Delete a conversation."""
        self.server.safely(lambda: PostgresSaver.delete_thread(self, thread_id))

    def delete_threads(self, thread_ids: Sequence[str]) -> None:
        """Delete conversations, and what they left in the tables.

        Raises:
            StoreError: They are deleted, but the server could not be made to overwrite them yet.
        """
        for thread_id in thread_ids:
            self.delete_thread(thread_id)
        scrub(self.server, "checkpoints", "checkpoint_blobs", "checkpoint_writes")

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """What was appended to some channels."""
        return self.server.safely(
            lambda: PostgresSaver.get_delta_channel_history(self, config=config, channels=channels)
        )


def scrub(server: Postgres, *tables: str) -> None:
    """Make the server free what deleted rows left in its tables.

    Backups and the server's own log of changes keep their copies for as long as its operator lets them.

    Args:
        server: The server.
        tables: Which.

    Raises:
        StoreError: The role may not.
    """

    def vacuum() -> None:
        with server.connection() as connection:
            # LangGraph holds no transaction open between statements, so nothing keeps the old rows alive for long.
            connection.execute(f"VACUUM {', '.join(tables)}".encode())

    server.safely(vacuum)
