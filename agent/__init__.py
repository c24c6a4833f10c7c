"""Who talks: the local chat model, the middleware and the ready-made agent.

Names are loaded when first used, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatrec.agent._assemble import create_recommender
    from chatrec.agent._context import RecommenderContext
    from chatrec.agent._middleware import RecommenderMiddleware
    from chatrec.agent.llm import ChatLlamaCpp

__all__ = ["ChatLlamaCpp", "RecommenderContext", "RecommenderMiddleware", "create_recommender"]

_HOMES = {
    "ChatLlamaCpp": "chatrec.agent.llm",
    "RecommenderContext": "chatrec.agent._context",
    "RecommenderMiddleware": "chatrec.agent._middleware",
    "create_recommender": "chatrec.agent._assemble",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'chatrec.agent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
