"""The language model by itself over HTTP, and one chatrec talking through another's."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from fastapi import FastAPI
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from openai import BadRequestError, OpenAI
from tests.agent.doors.serving import served

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent._assemble import local_model
from chatrec.agent._remote import remote_model
from chatrec.agent.doors._conversation import Answer
from chatrec.agent.doors._serve_bare import add_bare
from chatrec.agent.doors._serve_errors import told_in_format
from chatrec.agent.doors._session import Session
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


def test_what_bounds_a_choice_goes_there_and_what_was_considered_comes_back(
    url: str, model: ScriptedChatModel, recommender: Recommender
) -> None:
    model.bounds_choice = True
    considered = {"recommend": 0.75, "ask_user": 0.25}
    call = {"name": "recommend", "args": {}, "id": "1", "type": "tool_call"}
    model.replies += [AIMessage("", tool_calls=[call], response_metadata={"tool_probabilities": considered})]
    agent = create_recommender(recommender, model=url, store=recommender.store, checkpointer=open_checkpointer(None))
    answer = Session(agent, recommender, user_id="ana", thread_id="t").send("something smoky")
    assert answer.recommendations
    assert answer.probabilities == considered
    (asked,) = model.history
    assert asked.settings["tool_choice"] == "any"
    assert set(asked.settings["argument_schemas"]) <= set(asked.settings["legal_tools"]) <= set(asked.tools)


@pytest.mark.real_model
def test_through_anothers_embedded_model_it_answers_as_through_its_own(recommender: Recommender) -> None:
    model = local_model(None)
    app = FastAPI()
    told_in_format(app)
    add_bare(app, model, "bare")
    found: list[list[Answer]] = []
    with served(app) as address:
        for user, speaker in (("here", model), ("there", f"{address}/bare/v1")):
            agent = create_recommender(
                recommender, model=speaker, store=recommender.store, checkpointer=open_checkpointer(None)
            )
            session = Session(agent, recommender, user_id=user, thread_id=user)
            found.append([session.send(text) for text in ("hello", "a smoky tea", "I know the first one", "thank you")])
    here, there = found
    assert [answer.reply for answer in there] == [answer.reply for answer in here]
    assert [answer.act for answer in there] == [answer.act for answer in here]
    assert any(answer.recommendations for answer in there)
    assert [set(answer.probabilities) for answer in there] == [set(answer.probabilities) for answer in here]
    for one, other in zip(here, there, strict=True):
        assert all(abs(other.probabilities[act] - chance) < 0.02 for act, chance in one.probabilities.items())
