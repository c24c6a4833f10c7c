"""Errors of the local model that are LangChain's errors as well, so that either `except` catches them."""

from __future__ import annotations

from langchain_core.exceptions import ContextOverflowError, ModelRateLimitError

from chatrec.errors import ContextOverflow, ModelError


class PromptTooLong(ContextOverflow, ContextOverflowError):
    """The conversation does not fit the model's context; also LangChain's `ContextOverflowError`."""


def overflow(prompt: int, need: int, n_ctx: int) -> PromptTooLong:
    """The error for a prompt of `prompt` tokens that needs `need` more within `n_ctx`."""
    return PromptTooLong(
        f"the prompt has {prompt} tokens and the shortest answer {need}, the context holds {n_ctx}",
        hint="shorten or summarise the history (trim_messages, SummarizationMiddleware), or raise n_ctx",
    )


class QueueFull(ModelError, ModelRateLimitError):
    """Too many calls wait for the model already; also LangChain's `ModelRateLimitError`."""


def queue_full(waiting: int, most: int) -> QueueFull:
    """The error for a call that comes when `waiting` others wait and `most` may."""
    return QueueFull(
        f"{waiting} calls wait for the model already, max_waiting={most!r}",
        hint="try again later, raise max_waiting, or send fewer calls at once (RunnableConfig's max_concurrency)",
    )
