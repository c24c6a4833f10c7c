"""The whole of it on real parts: the embedded model with its adapter, the real embedder, SQLite, the demo films."""

from __future__ import annotations

from typing import Any

import pytest

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.indexes import Catalog

pytestmark = pytest.mark.real_model


def test_a_conversation_on_real_parts() -> None:
    catalog = Catalog.load("films")
    agent = create_recommender(catalog)

    def say(text: str, thread: str) -> dict[str, Any]:
        result: dict[str, Any] = agent.invoke(
            {"messages": [{"role": "user", "content": text}]},
            context=RecommenderContext("ana"),
            config={"configurable": {"thread_id": thread}},
        )
        probabilities = result["messages"][-1].response_metadata["tool_probabilities"]
        assert sum(probabilities.values()) == pytest.approx(1)
        assert result["messages"][-1].text.strip()
        assert all(entry["id"] in catalog for entry in result["recommendations"])
        return result

    acts = {
        "hello": "reply",
        "can you recommend a movie?": "ask",
        "what is Alien about?": "describe",
        "a short comedy from the 80s": "recommend",
    }
    done = {text: say(text, text)["messages"][-1].response_metadata["act"] for text in acts}
    assert done == acts
    say("show me others", "a short comedy from the 80s")
