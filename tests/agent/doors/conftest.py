from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chatrec.agent import create_recommender
from chatrec.agent.doors._session import Session
from chatrec.indexes import Recommender, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder, ScriptedChatModel, tea_catalog

Opener = Callable[..., Session]


class Stoppable(ScriptedChatModel):
    """Raises what its script holds where that is an exception, as Ctrl-C or a broken model would."""

    def _message(self, reply: Any) -> Any:
        if isinstance(reply, BaseException):
            raise reply
        return super()._message(reply)


@pytest.fixture
def opener() -> Opener:
    """Opens sessions on the teas, all with the same stores, each with its own script."""
    store, threads = open_store(None), open_checkpointer(None)
    recommender = Recommender(tea_catalog(), store=store, embedder=HashingEmbedder())

    def open_it(replies: Sequence[Any] = (), *, user: str = "ana", thread: str = "t1") -> Session:
        agent = create_recommender(
            recommender, model=Stoppable(replies=list(replies)), store=store, checkpointer=threads, size=3
        )
        return Session(agent, recommender, user_id=user, thread_id=thread)

    return open_it
