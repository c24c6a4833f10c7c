"""Moving everything from an embedded home to PostgreSQL and back: catalogs with vectors, people, conversations.

Whatever is written has a key of its own, so a move that was stopped is run again: what is there already is not made
again, and at the end each thing is read back from both ends and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from chatrec.errors import StoreError
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._migrate_ends import End, Moved, open_end, records_of

What = Literal["items", "records", "conversations"]
Progress = Callable[[What, int, int], None]
"""What is moved, how many are done, of how many (0 where nobody knows)."""

_NEAR = 1e-5


@dataclass(frozen=True, slots=True)
class Counts:
    """What was moved and compared.

    Attributes:
        catalogs: Catalogs.
        items: Their items, each with its vector.
        records: Records of people: wishes, feedback, owners of conversations.
        conversations: Conversations.
        checkpoints: Their steps.
    """

    catalogs: int
    items: int
    records: int
    conversations: int
    checkpoints: int


def migrate_all(source: str, target: str, *, progress: Progress | None = None) -> Counts:
    """Copy everything from one end to the other, and compare; the source is only read.

    What the target has besides is left alone. Stopped at any point, it is run again.

    Args:
        source: A home folder, or the URL of a PostgreSQL database.
        target: Likewise.
        progress: Told how far it is.

    Raises:
        StoreError: An end cannot be read or written, or what was read back differs; the message says what.
    """
    tell = progress or _quiet
    one, other = open_end(source), open_end(target)
    if one.shown == other.shown:
        raise StoreError(f"source and target are both {one.shown}", hint="name two places")
    found = [_catalog(one.load(name), other, tell) for name in one.catalogs()]
    records = _records(one, other, tell)
    threads = one.threads()
    checkpoints = 0
    for done, thread in enumerate(threads):
        tell("conversations", done, len(threads))
        checkpoints += _thread(one.saver, other.saver, thread)
    tell("conversations", len(threads), len(threads))
    return Counts(len(found), sum(found), records, len(threads), checkpoints)


def _catalog(moved: Moved, target: End, tell: Progress) -> int:
    size = len(moved.catalog)
    tell("items", 0, size)
    back = target.save(moved)
    held = {item.id: (row, item) for row, item in enumerate(back.catalog.items)}
    for row, item in enumerate(moved.catalog.items):
        place, other = held.get(item.id, (-1, None))
        if other is None or Entry(other).as_json() != Entry(item).as_json():
            raise _differs(f"the item {item.id!r} of {moved.catalog.name!r}")
        if not np.allclose(back.vectors[place], moved.vectors[row], atol=_NEAR):
            raise _differs(f"the vector of {item.id!r} of {moved.catalog.name!r}")
    if dict(back.catalog.facets) != dict(moved.catalog.facets):
        raise _differs(f"what is known of the facets of {moved.catalog.name!r}")
    tell("items", size, size)
    return size


def _records(source: End, target: End, tell: Progress) -> int:
    count = 0
    for page in records_of(source):
        target.keep(page)
        count += len(page)
        tell("records", count, 0)
    held = {(prefix, key): rest for page in records_of(target) for prefix, key, *rest in page}
    for page in records_of(source):
        for prefix, key, *rest in page:
            if held.get((prefix, key)) != rest:
                raise _differs(f"the record {key!r} in {prefix!r}")
    tell("records", count, count)
    return count


def _thread(source: BaseCheckpointSaver[Any], target: BaseCheckpointSaver[Any], thread: str) -> int:
    """Copy what the target lacks of a conversation, oldest first, and compare all of it."""
    steps = list(_steps(source, thread))
    held = {_place(step): _content(step) for step in _steps(target, thread)}
    for step in reversed(steps):
        if held.get(_place(step)) != _content(step):
            _put(target, step)
    held = {_place(step): _content(step) for step in _steps(target, thread)}
    for step in steps:
        if held.get(_place(step)) != _content(step):
            raise _differs(f"the step {_place(step)[1]} of the conversation {thread!r}")
    return len(steps)


def _put(target: BaseCheckpointSaver[Any], step: CheckpointTuple) -> None:
    namespace, _ = _place(step)
    parent: dict[str, Any] = {"thread_id": _configurable(step)["thread_id"], "checkpoint_ns": namespace}
    if step.parent_config is not None:
        parent["checkpoint_id"] = step.parent_config.get("configurable", {})["checkpoint_id"]
    config = target.put(
        {"configurable": parent}, step.checkpoint, step.metadata, dict(step.checkpoint["channel_versions"])
    )
    by_task: dict[str, list[tuple[str, Any]]] = {}
    for task, channel, value in step.pending_writes or ():
        by_task.setdefault(task, []).append((channel, value))
    for task, writes in by_task.items():
        target.put_writes(config, writes, task)


def _steps(saver: BaseCheckpointSaver[Any], thread: str) -> Iterator[CheckpointTuple]:
    config: RunnableConfig = {"configurable": {"thread_id": thread}}
    return saver.list(config)


def _configurable(step: CheckpointTuple) -> dict[str, Any]:
    return step.config.get("configurable", {})


def _place(step: CheckpointTuple) -> tuple[str, str]:
    configurable = _configurable(step)
    return str(configurable.get("checkpoint_ns", "")), str(configurable["checkpoint_id"])


def _content(step: CheckpointTuple) -> tuple[Any, ...]:
    """All of a step that counts, in a form that can be compared: the two checkpointers keep it in other tables."""
    checkpoint = step.checkpoint
    parent = None if step.parent_config is None else step.parent_config.get("configurable", {}).get("checkpoint_id")
    versions = {name: str(version) for name, version in checkpoint["channel_versions"].items()}
    values = {name: repr(value) for name, value in checkpoint["channel_values"].items()}
    writes = sorted((task, channel, repr(value)) for task, channel, value in step.pending_writes or ())
    metadata = {name: repr(value) for name, value in step.metadata.items()}
    return checkpoint["id"], checkpoint["ts"], parent, versions, values, writes, metadata


def _differs(what: str) -> StoreError:
    return StoreError(
        f"{what} is not the same at the other end",
        hint="stop who writes at either end, and run the move again; the source is as it was",
    )


def _quiet(_what: str, _done: int, _total: int) -> None:
    return None
