"""The compiled agent with a door-keeper: a thread belongs to the user who began it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from chatrec.agent._context import user_of
from chatrec.errors import StoreError
from chatrec.indexes import ThreadOwners
from chatrec.indexes._conversations import Conversations

_RUNTIME = "__pregel_runtime"
_DURABILITY = "sync"
"""A choice is kept before its tool runs: after a crash the same call is run again, and counts once."""


class RecommenderGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A `CompiledStateGraph` that checks, before anything of a thread is loaded, whose thread it is.

    Without a `thread_id` the call stands alone: nothing is loaded or kept, the messages given are the whole history.

    Args:
        owners: Who owns which thread.
        attributes: The attributes of the graph to guard.
    """

    def __init__(self, *, owners: ThreadOwners, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.owners = owners

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002
        """As `CompiledStateGraph.stream`, which `invoke` calls too.

        Raises:
            ContextError: The context names no user.
            ThreadRefused: The thread belongs to another user.
        """
        admitted, claim = self._admit(config, kwargs.get("context"))
        steps = CompiledStateGraph.stream(admitted, input, config, **admitted._lasting(kwargs))
        return steps if claim is None else self._guarded(steps, *claim)

    def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: A002
        """As `stream`, asynchronously."""
        admitted, claim = self._admit(config, kwargs.get("context"))
        steps = CompiledStateGraph.astream(admitted, input, config, **admitted._lasting(kwargs))
        return steps if claim is None else self._aguarded(steps, *claim)

    def _guarded(self, steps: Iterator[Any], thread_id: str, user_id: str) -> Iterator[Any]:
        """The steps of a run; what it wrote is deleted where the conversation was forgotten meanwhile.

        A run holds the whole conversation and would leave it behind as nobody's, for anybody to claim and read.
        """
        try:
            yield from steps
        finally:
            if (saver := self._forgotten(thread_id, user_id)) is not None:
                _delete(Conversations(saver), thread_id)

    async def _aguarded(self, steps: AsyncIterator[Any], thread_id: str, user_id: str) -> AsyncIterator[Any]:
        """As `_guarded`, asynchronously."""
        try:
            async for step in steps:
                yield step
        finally:
            if (saver := self._forgotten(thread_id, user_id)) is not None:
                conversations = Conversations(saver, asyncio.get_running_loop())
                await asyncio.to_thread(_delete, conversations, thread_id)

    def _forgotten(self, thread_id: str, user_id: str) -> BaseCheckpointSaver[Any] | None:
        """What keeps the conversation, where that is no longer the user's."""
        kept = self.checkpointer
        # A store that was closed meanwhile cannot be asked, and must not hide what the run ended with.
        with suppress(StoreError):
            if isinstance(kept, BaseCheckpointSaver) and self.owners.owner(thread_id) != user_id:
                return kept
        return None

    def _lasting(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a run; where they do not say when its steps are kept, at once."""
        kept = isinstance(self.checkpointer, BaseCheckpointSaver)
        return kwargs | {"durability": _DURABILITY} if kept and kwargs.get("durability") is None else kwargs

    def _admit(self, config: RunnableConfig | None, context: object) -> tuple[RecommenderGraph, tuple[str, str] | None]:
        """The graph that serves the call, and the thread with its user where there is one."""
        configurable = merge_configs(self.config, config).get("configurable", {})
        if context is None:
            # As a subgraph the parent's runtime carries the context.
            context = getattr(configurable.get(_RUNTIME), "context", None)
        user_id = user_of(context)
        thread_id = configurable.get("thread_id")
        if thread_id is not None:
            self.owners.claim(str(thread_id), user_id)
            return self, (str(thread_id), user_id)
        return self if self.checkpointer is None else self.copy({"checkpointer": None}), None


def _delete(conversations: Conversations, thread_id: str) -> None:
    # Where another program is reading it is deleted, and wiped by the next that deletes.
    with suppress(StoreError):
        conversations.delete([thread_id])
