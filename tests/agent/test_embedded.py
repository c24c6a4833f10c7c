"""The whole of it on real parts: the embedded model with its adapter, the real embedder, SQLite, the demo films."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent._assemble import local_model
from chatrec.agent.llm._adapters import shipped_adapter
from chatrec.indexes import Catalog, ItemIndex, Recommender

pytestmark = pytest.mark.real_model


def test_a_trained_model_is_taken_at_its_word(tmp_path: Path) -> None:
    trained = shutil.copy(shipped_adapter()["lora_path"], tmp_path / "mine.gguf")  # and no settings beside it
    assert local_model(None, trained).choice_prior == "none"
    assert local_model(None).choice_prior == "none"
    assert local_model(None, None).choice_prior == "empty"


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


def test_each_opinion_in_a_message_is_noted_of_the_kind_that_was_heard() -> None:
    catalog = Catalog.load("films")
    recommender = Recommender(catalog, index=ItemIndex.build(catalog))
    agent = create_recommender(recommender)
    listed: list[str] = []
    for text in (
        "something cosy to watch with my girlfriend tonight",
        "seen the first one, and the second is too long",
    ):
        result = agent.invoke(
            {"messages": [{"role": "user", "content": text}]},
            context=RecommenderContext("ana"),
            config={"configurable": {"thread_id": "t"}},
        )
        listed += [entry["id"] for entry in result["recommendations"]]
    first, second = recommender.feedback.events("ana")
    assert (first.kind, first.item_id) == ("seen", listed[0])
    assert second.kind in {"critique", "refine"}
    assert second.item_id == listed[1]
