"""Conversations had through single calls, as a program's own model makes them: what was said and shown adds up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from langgraph.prebuilt import ToolRuntime

from chatrec.agent._turns import after_reply, hear
from chatrec.indexes import Recommender
from chatrec.tools._turn import Session, Turn

_KEPT = 1024
"""Conversations that are remembered; of more, the one that rested longest is forgotten."""


class Talk(Session):
    """One conversation. The tools of the toolkit find their turn here.

    Args:
        recommender: What is talked about.
        user_id: Who talks.
    """

    def __init__(self, recommender: Recommender, user_id: str) -> None:
        super().__init__(user_id)
        self._recommender = recommender
        self._now = Turn(user_id)
        self.lock = Lock()

    def hear(self, text: str) -> None:
        """Understand what the person says, as the agent does at the beginning of a turn."""
        embedder = self._recommender.index.embeddings
        self._now = hear(self._now, text, self._recommender.catalog, embedder=embedder)

    def turn(self, runtime: ToolRuntime[Any, Any] | None) -> Turn:
        """The current turn."""
        return self._now

    def showed(self, ids: tuple[str, ...]) -> None:
        """Remember the list that was shown."""
        stamp = {"act": "recommend", "shown": list(ids)}
        self._now = after_reply(self._now, stamp, self._recommender.catalog)


class Talks:
    """The conversations of many people, in memory.

    Args:
        recommender: What is talked about.
    """

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        self._held: OrderedDict[tuple[str, str], Talk] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def of(self, user_id: str, name: str) -> Generator[Talk, None, None]:
        """A person's conversation of some name, for one call at a time; another person's is never reached by it."""
        with self._lock:
            talk = self._held.pop((user_id, name), None) or Talk(self._recommender, user_id)
            self._held[user_id, name] = talk
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        with talk.lock:
            yield talk
