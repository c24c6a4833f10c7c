"""A real server on loopback for tests, and a model that answers by rules, for many people in any order."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field
from starlette.types import ASGIApp

from chatrec.agent import create_recommender
from chatrec.agent.doors._open import Room
from chatrec.indexes import Catalog, ItemIndex, Recommender, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder, ScriptedChatModel, checkerboard_catalog, tea_catalog


class RuledModel(ScriptedChatModel):
    """`like`, `not` and a number record feedback; `always` a wish; `tell` describes; `ask` asks; all else lists."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        newest = max(place for place, m in enumerate(messages) if isinstance(m, HumanMessage))
        words = messages[newest].text.split("\n")[0].lower().split()
        done = [m for m in messages[newest:] if isinstance(m, ToolMessage)]
        message = AIMessage("Have a look.")
        if not done:
            name, arguments = self._choice(words)
            message = AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "1", "type": "tool_call"}])
        message.usage_metadata = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
        message.response_metadata = {"model_name": "ruled"}
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _choice(self, words: list[str]) -> tuple[str, dict[str, Any]]:
        number = next((word for word in words if word.isdigit()), "1")
        if "like" in words:
            return "record_feedback", {"kind": "accept", "item": number}
        if "not" in words:
            return "record_feedback", {"kind": "reject", "item": number}
        if "always" in words:
            return "update_profile", {"add": ["kind=green"]}
        if "tell" in words:
            return "describe_item", {"item": number}
        if "ask" in words:
            return "ask_user", {"facet": "kind"}
        return "recommend", {}


class WritingModel(RuledModel):
    """Lists, then writes one sentence after the other; before each but the first it waits until it may.

    Attributes:
        sentences: What it writes.
        may: One place for each sentence that may be written.
    """

    sentences: tuple[str, ...] = ("Have a look.", "They are dark and strong.", "Take your time.")
    may: Any = Field(default_factory=lambda: threading.Semaphore(0))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        assert isinstance(messages[-1], ToolMessage), "words alone are streamed"
        for number, sentence in enumerate(self.sentences):
            if number:
                assert self.may.acquire(timeout=10)
            for word in re.findall(r"\S+\s*", f"{sentence} "):
                yield ChatGenerationChunk(message=AIMessageChunk(content=word))


def rooms_of(*catalogs: Catalog, model: ScriptedChatModel | None = None) -> dict[str, Room]:
    """Catalogs with the same stores, kept in memory."""
    store, threads = open_store(None), open_checkpointer(None)
    rooms: dict[str, Room] = {}
    for catalog in catalogs or (tea_catalog(), checkerboard_catalog(size=4)):
        index = ItemIndex.build(catalog, embedder=HashingEmbedder())
        recommender = Recommender(catalog, index=index, store=store)
        agent = create_recommender(recommender, model=model or RuledModel(), store=store, checkpointer=threads, size=3)
        rooms[catalog.name] = Room(agent, recommender)
    return rooms


@contextmanager
def served(app: ASGIApp, *, grace: int = 5) -> Generator[str, None, None]:
    """Run a server on a free port of loopback; gives its URL."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, timeout_graceful_shutdown=grace
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
