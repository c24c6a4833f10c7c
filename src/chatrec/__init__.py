"""A conversational recommender for a laptop.

Names are loaded when first used, so that `import chatrec` costs nothing: neither llama.cpp nor FAISS nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatrec.agent import ChatLlamaCpp, RecommenderContext, RecommenderMiddleware, create_recommender
    from chatrec.indexes import Catalog, FeedbackLog, ItemIndex, ProfileStore, Recommender
    from chatrec.tools import RecommenderToolkit

__all__ = [
    "Catalog",
    "ChatLlamaCpp",
    "FeedbackLog",
    "ItemIndex",
    "ProfileStore",
    "Recommender",
    "RecommenderContext",
    "RecommenderMiddleware",
    "RecommenderToolkit",
    "create_recommender",
]

_HOMES = {
    "Catalog": "chatrec.indexes",
    "ChatLlamaCpp": "chatrec.agent",
    "FeedbackLog": "chatrec.indexes",
    "ItemIndex": "chatrec.indexes",
    "ProfileStore": "chatrec.indexes",
    "Recommender": "chatrec.indexes",
    "RecommenderContext": "chatrec.agent",
    "RecommenderMiddleware": "chatrec.agent",
    "RecommenderToolkit": "chatrec.tools",
    "create_recommender": "chatrec.agent",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'chatrec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
