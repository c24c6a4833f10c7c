"""LangGraph checkpointers fit for a laptop: in memory, and in SQLite for sync and async callers and processes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from chatrec.indexes._database import Database


class MemorySaver(InMemorySaver):
    """LangGraph's checkpointer in memory."""

    def close(self) -> None:
        """Nothing to release; here so that every checkpointer is closed alike."""


class ThreadedSaver(BaseCheckpointSaver[str]):
    """The async half of a checkpointer that serves sync callers on any thread: each call on a thread."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """`get_tuple` on a thread."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """`list` on a thread."""
        found = await asyncio.to_thread(lambda: tuple(self.list(config, filter=filter, before=before, limit=limit)))
        for checkpoint in found:
            yield checkpoint

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """`put` on a thread."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """`put_writes` on a thread."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """`delete_thread` on a thread."""
        await asyncio.to_thread(self.delete_thread, thread_id)

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """`get_delta_channel_history` on a thread."""
        return await asyncio.to_thread(lambda: self.get_delta_channel_history(config=config, channels=channels))


class LocalSaver(ThreadedSaver, SqliteSaver):
    """LangGraph's SQLite checkpointer on a connection of its own, for sync and async callers, threads and processes.

    Args:
        path: The file, made with its folders when missing.
        types: Classes of values in a conversation's state that are built again when they are read.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database.
    """

    def __init__(self, path: str | os.PathLike[str], *, types: Sequence[type] = ()) -> None:
        self._database = Database(path)
        super().__init__(self._database.conn, serde=serializer(types))
        with self.lock, self._database.errors():
            self.setup()

    @contextmanager
    def cursor(self, transaction: bool = True) -> Generator[sqlite3.Cursor, None, None]:
        """A cursor in a transaction; without one, of a consistent view for reading."""
        with self.lock, self._database.transaction(writes=transaction) as cursor:
            yield cursor

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """The checkpoints, newest first, all read before the first is handed out: no lock is held meanwhile."""
        yield from tuple(super().list(config, filter=filter, before=before, limit=limit))

    def delete_thread(self, thread_id: str) -> None:
        """Delete a conversation for good, from the file's free pages too."""
        self.delete_threads([thread_id])

    def delete_threads(self, thread_ids: Sequence[str]) -> None:
        """Delete conversations for good, from the file's free pages too.

        Raises:
            StoreError: They are deleted, but another program kept reading an older view of the file.
        """
        for thread_id in thread_ids:
            super().delete_thread(thread_id)
        with self.lock:
            self._database.scrub()

    def close(self) -> None:
        """Close the file; again is harmless."""
        with self.lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def serializer(types: Sequence[type]) -> JsonPlusSerializer:
    """MessagePack that never pickles, and builds no type that only the file names.

    Args:
        types: What it builds beside plain values and the types of LangChain and LangGraph.
    """
    # LangGraph's default would import and call whatever name it finds in the file.
    return JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=tuple(types) or None)
