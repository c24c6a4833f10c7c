"""The compiled agent with a door-keeper: a thread belongs to the user who began it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from chatrec.agent._context import user_of
from chatrec.indexes import ThreadOwners

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
        admitted = self._admit(config, kwargs.get("context"))
        return CompiledStateGraph.stream(admitted, input, config, **admitted._lasting(kwargs))

    def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: A002
        """As `stream`, asynchronously."""
        admitted = self._admit(config, kwargs.get("context"))
        return CompiledStateGraph.astream(admitted, input, config, **admitted._lasting(kwargs))

    def _lasting(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a run; where they do not say when its steps are kept, at once."""
        kept = isinstance(self.checkpointer, BaseCheckpointSaver)
        return kwargs | {"durability": _DURABILITY} if kept and kwargs.get("durability") is None else kwargs

    def _admit(self, config: RunnableConfig | None, context: object) -> RecommenderGraph:
        configurable = merge_configs(self.config, config).get("configurable", {})
        if context is None:
            # As a subgraph the parent's runtime carries the context.
            context = getattr(configurable.get(_RUNTIME), "context", None)
        user_id = user_of(context)
        thread_id = configurable.get("thread_id")
        if thread_id is not None:
            self.owners.claim(str(thread_id), user_id)
            return self
        return self if self.checkpointer is None else self.copy({"checkpointer": None})
