"""Many inputs at once: as many are begun as are decoded together, so that no batch is too long for the queue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig

from chatrec.agent.llm._fields import LlamaCppFields

Configs = RunnableConfig | Sequence[RunnableConfig] | None


class LlamaCppBatches(LlamaCppFields):
    """LangChain begins an asynchronous batch all at once, unless told `max_concurrency`; here that is `parallel`."""

    async def abatch(
        self,
        inputs: list[LanguageModelInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[AIMessage]:
        """Answer a list of inputs, `max_concurrency` of the config or `parallel` at a time."""
        within: Any = self._within(config)
        return await super().abatch(inputs, within, return_exceptions=return_exceptions, **kwargs)

    async def abatch_as_completed(  # type: ignore[override]  # LangChain's overloads tell the same in two parts
        self,
        inputs: Sequence[LanguageModelInput],
        config: Configs = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> AsyncIterator[tuple[int, AIMessage | Exception]]:
        """Likewise, each answer with its input's place as it is ready."""
        begin: Any = super().abatch_as_completed
        async for done in begin(inputs, self._within(config), return_exceptions=return_exceptions, **kwargs):
            yield done

    def _within(self, config: Configs) -> Configs:
        if config is None or isinstance(config, dict):
            return RunnableConfig(max_concurrency=self.parallel) | (config or {})
        return [RunnableConfig(max_concurrency=self.parallel) | each for each in config]
