"""A server of the page for browsers in tests: teas, a model that does what it is told, no real model.

Run as a program: NiceGUI allows one application a process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from chatrec.agent import create_recommender
from chatrec.agent.doors._keys import load_keys
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._serve import run
from chatrec.agent.doors._web_pictures import Pictures
from chatrec.errors import ModelError
from chatrec.indexes import Catalog, Item, Recommender, home, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder, ScriptedChatModel, tea_catalog

EVIL = "<img src=x onerror=\"document.title='broken in'\">"


class Puppet(ScriptedChatModel):
    """Asks, remembers, waits, writes more or fails where the person's words begin so; else it recommends."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        said = next(message.text for message in reversed(messages) if isinstance(message, HumanMessage))
        if isinstance(messages[-1], ToolMessage):
            return _result(AIMessage("Have a look."))
        if said.startswith("fail"):
            raise ModelError("the model broke", hint="take another")
        if said.startswith("wait"):
            time.sleep(3)
        name, args = "recommend", dict[str, Any]()
        if said.startswith(("ask", "问")):
            name, args = "ask_user", {"facet": "kind"}
        elif said.startswith("remember"):
            name, args = "update_profile", {"add": ["kind=green"]}
        return _result(
            AIMessage(
                "",
                tool_calls=[{"name": name, "args": args, "id": f"call-{len(messages)}", "type": "tool_call"}],
                response_metadata={"tool_probabilities": {name: 0.79, "reply": 0.18, "describe_item": 0.03}},
            )
        )

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="Have a look."))
        if any(message.text.startswith("write") for message in messages[-3:]):
            yield ChatGenerationChunk(message=AIMessageChunk(content=" Or"))
            time.sleep(2)
            yield ChatGenerationChunk(message=AIMessageChunk(content=" take your time."))


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])


def room() -> Room:
    """The teas, their agent, and one whose title is markup; kept in the home of this process."""
    teas = [
        Item(tea.id, tea.title, tea.description, tea.facets, {"cover": f"{tea.id}.png"}) for tea in tea_catalog().items
    ]
    evil = Item("evil", f"Evil {EVIL}", EVIL, {"kind": "green", "taste": ("fresh",), "price": 11})
    catalog = Catalog([*teas, evil], name="teas", units={"price": "€"})
    store = open_store(home() / "people.db")
    recommender = Recommender(catalog, store=store, embedder=HashingEmbedder())
    agent = create_recommender(
        recommender, model=Puppet(), store=store, checkpointer=open_checkpointer(home() / "threads.db"), size=3
    )
    return Room(agent, recommender)


def main(pictures: Path, key_file: str) -> None:
    """Serve until stopped."""
    from chatrec.agent.doors._web_app import web_app

    teas = room()
    keys = load_keys(Path(key_file) if key_file else None)
    rate = "150/minute" if key_file else None
    shown = Pictures(teas.recommender.catalog, pictures)
    run(web_app(teas, shown, secret="s" * 32, keys=keys, rate=rate), host="127.0.0.1", port=0, grace=1, told="{url}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
