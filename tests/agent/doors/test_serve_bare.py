"""The language model by itself over HTTP, and one chatrec talking through another's."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from fastapi import FastAPI
from langchain_core.messages import HumanMessage, ToolMessage
from openai import BadRequestError, OpenAI
from tests.agent.doors.serving import served

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent._remote import remote_model
from chatrec.agent.doors._serve_bare import add_bare
from chatrec.agent.doors._serve_errors import told_in_format
from chatrec.indexes import Recommender, open_checkpointer
from chatrec.testing import ScriptedChatModel


@pytest.fixture
def model() -> ScriptedChatModel:
    return ScriptedChatModel(replies=[])


@pytest.fixture
def url(model: ScriptedChatModel) -> Generator[str, None, None]:
    app = FastAPI()
    told_in_format(app)
    add_bare(app, model, "tiny")
    with served(app) as address:
        yield f"{address}/bare/v1"


def test_one_chatrec_talks_through_anothers_model(url: str, model: ScriptedChatModel, recommender: Recommender) -> None:
    model.replies += [("recommend", {"query": "smoky"}), "Try Unicorn Tea, it is 3 years old."]
    agent = create_recommender(recommender, model=url, store=recommender.store, checkpointer=open_checkpointer(None))
    result = agent.invoke(
        {"messages": [HumanMessage("something smoky")]},
        {"configurable": {"thread_id": "t"}},
        context=RecommenderContext(user_id="ana"),
    )
    assert result["recommendations"][0]["id"] in {"black-harbour", "smoke-ridge"}
    assert "Unicorn" not in result["messages"][-1].text
    assert "recommend" in model.history[0].tools


def test_calls_results_and_streams(url: str, model: ScriptedChatModel) -> None:
    model.replies += [("add", {"a": 1, "b": 2}), "It is 3.", "Streamed."]

    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    chat = remote_model(url).bind_tools([add])
    asked = HumanMessage("1 + 2?")
    call = chat.invoke([asked])
    assert call.tool_calls[0]["args"] == {"a": 1, "b": 2}
    answer = chat.invoke([asked, call, ToolMessage("3", tool_call_id=call.tool_calls[0]["id"])])
    assert answer.text == "It is 3."
    assert "".join(piece.text for piece in remote_model(url).stream("say")) == "Streamed."
    kinds = [message.type for message in model.history[1].messages]
    assert kinds == ["human", "ai", "tool"]


def test_what_cannot_be_read_is_refused(url: str) -> None:
    client = OpenAI(base_url=url, api_key="none", max_retries=0)
    assert [each.id for each in client.models.list().data] == ["tiny"]
    nobody: Any = {"role": "nobody", "content": "x"}
    with pytest.raises(BadRequestError):
        client.chat.completions.create(model="tiny", messages=[nobody])
    with pytest.raises(BadRequestError):
        client.chat.completions.create(model="tiny", messages=[])
