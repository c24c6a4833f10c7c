"""Conversations as a checkpointer keeps them: read back as who said what when, and deleted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from langchain_core.messages import AnyMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.memory import InMemorySaver

_PAGE = 20
_ROLES = {"human": "person", "ai": "recommender"}
_T = TypeVar("_T")


@runtime_checkable
class DeletesThreads(Protocol):
    """A checkpointer that deletes several conversations at once, from its file's free pages too."""

    def delete_threads(self, thread_ids: Sequence[str]) -> None:
        """Delete conversations for good."""
        ...


class Conversations:
    """The conversations of any LangGraph checkpointer.

    Args:
        saver: The checkpointer; what it only does asynchronously is done so.
        loop: The event loop that the checkpointer lives in, where there is one; these methods then run on another
            thread.
    """

    def __init__(self, saver: BaseCheckpointSaver[Any], loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._saver = saver
        self._loop = loop

    @property
    def name(self) -> str:
        """What the checkpointer is."""
        return type(self._saver).__name__

    @property
    def wipes(self) -> bool:
        """Whether nothing of a deleted conversation stays on a disk."""
        return isinstance(self._saver, DeletesThreads | InMemorySaver)

    def read(self, thread_id: str) -> dict[str, Any]:
        """One conversation, JSON-ready: id, begun, last, its messages, and what else its last state holds.

        Messages that were taken back, or summarised away, are among them as long as a checkpoint has them.

        Args:
            thread_id: Which.
        """
        first_seen: dict[str, tuple[str, BaseMessage]] = {}
        newest: CheckpointTuple | None = None
        oldest = ""
        for held in self._history(thread_id):
            newest = newest or held
            oldest = str(held.checkpoint["ts"])
            for message in _messages(held):
                # Further back in time it overwrites: what stays is when it was said.
                shown = first_seen[key][1] if (key := _key(message)) in first_seen else message
                first_seen[key] = (oldest, shown)
        current = [] if newest is None else [_key(message) for message in _messages(newest)]
        place = {key: at for at, key in enumerate(current)}
        said = sorted(first_seen.items(), key=lambda pair: (pair[1][0], place.get(pair[0], -1)))
        messages = [_as_dict(message, at, taken_back=key not in place) for key, (at, message) in said]
        state = {} if newest is None else _rest(newest)
        last = None if newest is None else str(newest.checkpoint["ts"])
        return {"id": thread_id, "begun": oldest or None, "last": last, "messages": messages, "state": state}

    def last(self, thread_id: str) -> datetime | None:
        """When something was last said in a conversation; None where nothing was.

        Args:
            thread_id: Which.
        """
        config: RunnableConfig = {"configurable": {"thread_id": thread_id}}
        held = self._call(lambda: self._saver.get_tuple(config), lambda: self._saver.aget_tuple(config))
        return None if held is None else moment(str(held.checkpoint["ts"]))

    def delete(self, thread_ids: Sequence[str]) -> dict[str, str]:
        """Delete conversations.

        Args:
            thread_ids: Which.

        Returns:
            Why it could not be done, by conversation.
        """
        saver = self._saver
        if isinstance(saver, DeletesThreads):
            # Without any it wipes what an earlier call could not, because somebody was reading.
            saver.delete_threads(thread_ids)
            return {}
        failed: dict[str, str] = {}
        for thread_id in thread_ids:
            try:
                self._call(
                    lambda thread_id=thread_id: saver.delete_thread(thread_id),  # type: ignore[misc]
                    lambda thread_id=thread_id: saver.adelete_thread(thread_id),  # type: ignore[misc]
                )
            except NotImplementedError:
                failed[thread_id] = f"{self.name} cannot delete conversations"
        return failed

    def _history(self, thread_id: str) -> Iterator[CheckpointTuple]:
        """All checkpoints, newest first, a page at a time: each may hold the whole conversation."""
        config: RunnableConfig = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
        before: RunnableConfig | None = None
        while True:
            page = self._page(config, before)
            yield from page
            if len(page) < _PAGE:
                return
            before = page[-1].config

    def _page(self, config: RunnableConfig, before: RunnableConfig | None) -> list[CheckpointTuple]:
        async def page() -> list[CheckpointTuple]:
            return [held async for held in self._saver.alist(config, before=before, limit=_PAGE)]

        return self._call(lambda: list(self._saver.list(config, before=before, limit=_PAGE)), page)

    def _call(self, call: Callable[[], _T], later: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        try:
            return call()
        except NotImplementedError:
            if self._loop is None:
                return asyncio.run(later())
            return asyncio.run_coroutine_threadsafe(later(), self._loop).result()


def moment(text: str) -> datetime:
    """A time as it is stored, in UTC where it does not say."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has not becomes text."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=str))


def _messages(held: CheckpointTuple) -> list[AnyMessage]:
    values = held.checkpoint["channel_values"].get("messages")
    return [m for m in values if isinstance(m, BaseMessage)] if isinstance(values, list) else []  # type: ignore[misc]


def _rest(held: CheckpointTuple) -> dict[str, Any]:
    """What a state holds beside its messages."""
    values = held.checkpoint["channel_values"]
    kept = {
        name: value
        for name, value in values.items()
        if not name.startswith(("__", "branch:")) and not (name == "messages" and _messages(held))
    }
    return dict(plain(kept))


def _key(message: BaseMessage) -> str:
    return message.id or f"{message.type}:{message.text}"


def _as_dict(message: BaseMessage, at: str, *, taken_back: bool) -> dict[str, Any]:
    """Who said what when, and what came with it."""
    told: dict[str, Any] = {"id": message.id, "at": at, "role": _ROLES.get(message.type, message.type)}
    told["text"] = message.text
    if not isinstance(message.content, str) and message.content:
        told["content"] = plain(message.content)
    calls = getattr(message, "tool_calls", None)
    if calls:
        told["calls"] = [{"name": call["name"], "args": plain(call["args"])} for call in calls]
    artifact = getattr(message, "artifact", None)
    if isinstance(artifact, Mapping) and isinstance(artifact.get("recommendations"), list):
        told["recommendations"] = [_shown(entry) for entry in artifact["recommendations"]]
    elif artifact is not None:
        told["result"] = plain(artifact)
    if message.additional_kwargs:
        told["with"] = plain(message.additional_kwargs)
    if taken_back:
        told["taken_back"] = True
    return told


def _shown(entry: Any) -> Any:
    """A recommendation: which item, and why; what the catalog says of it is no data of the person's."""
    if not isinstance(entry, Mapping):
        return plain(entry)
    return plain({name: entry[name] for name in ("id", "title", "score", "reason") if name in entry})
