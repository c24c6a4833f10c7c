"""A turn whose process died in the middle: gone on with where the same is said again, else taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent.doors._session import Session
from chatrec.indexes import ItemIndex, Recommender, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder, ScriptedChatModel, tea_catalog

Process = Callable[[list[Any]], tuple[Any, Recommender]]


@pytest.fixture(params=["sqlite", "postgres"])
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Process:
    """Makes what a new process has over the same stores, given its model's replies."""
    url = request.getfixturevalue("database_url") if request.param == "postgres" else None
    index = ItemIndex.build(tea_catalog(), embedder=HashingEmbedder())

    def make(replies: list[Any]) -> tuple[Any, Recommender]:
        store = open_store(url or tmp_path / "people.db")
        recommender = Recommender(tea_catalog(), index=index, store=store)
        saver = open_checkpointer(url or tmp_path / "threads.db")
        return create_recommender(
            recommender, model=ScriptedChatModel(replies=replies), store=store, checkpointer=saver
        ), recommender

    return make


def told(recommender: Recommender) -> list[str | None]:
    return [event.item_id for event in recommender.feedback.events("ana")]


def die_after(process: Process, node: str, text: str, replies: list[Any]) -> None:
    """A turn that stops after a node's work, as when its process is killed there."""
    agent, _ = process(replies)
    config = {"configurable": {"thread_id": "t"}}
    message = {"messages": [{"role": "user", "content": text}]}
    for update in agent.stream(message, config, context=RecommenderContext("ana"), stream_mode="updates"):
        if node in update:
            return
    raise AssertionError(f"no {node}")


NOTED = ("record_feedback", {"kind": "seen", "item": tea_catalog().items[0].title})


@pytest.mark.parametrize("node", ["model", "tools"])
def test_said_again_it_goes_on_and_counts_once(process: Process, node: str) -> None:
    first = Session(*process([("recommend", {}), "Here."]), user_id="ana", thread_id="t")
    first.send("tea please")
    die_after(process, node, "I know the first", [NOTED])
    replies: list[Any] = [("recommend", {}), "Others."]
    agent, recommender = process(replies)
    session = Session(agent, recommender, user_id="ana", thread_id="t")
    answer = session.send("I know the first")
    assert answer.recommendations
    assert told(recommender) == [tea_catalog().items[0].id]
    assert [exchange.said for exchange in session.exchanges()] == ["tea please", "I know the first"]
    again = process([("recommend", {}), "More."])
    assert len(Session(*again, user_id="ana", thread_id="t").exchanges()) == 2


def test_where_something_else_is_said_it_is_taken_back(process: Process) -> None:
    die_after(process, "model", "I know the first", [NOTED])
    agent, recommender = process([("recommend", {}), "Here."])
    session = Session(agent, recommender, user_id="ana", thread_id="t")
    session.send("something green")
    assert [exchange.said for exchange in session.exchanges()] == ["something green"]
    assert told(recommender) == []


def test_what_was_answered_unheard_is_answered_again(process: Process) -> None:
    agent, recommender = process([NOTED, ("recommend", {}), "Here."])
    first = Session(agent, recommender, user_id="ana", thread_id="t").send("I know the first", key="k1")
    other = Session(*process([("recommend", {}), "More."]), user_id="ana", thread_id="t")
    again = other.send("I know the first", key="k1")
    assert again.reply == first.reply
    assert again.recommendations == first.recommendations
    assert other.shown == list(first.recommendations)
    assert other.send("I know the first", key="k2").reply != first.reply
    assert [exchange.said for exchange in other.exchanges()] == ["I know the first"] * 2
    assert len(told(recommender)) == 1


def test_the_same_call_in_two_turns_counts_twice(process: Process) -> None:
    agent, recommender = process([NOTED, ("recommend", {}), "Here.", NOTED, ("recommend", {}), "Here."])
    session = Session(agent, recommender, user_id="ana", thread_id="t")
    session.send("I know the first")
    session.send("I know the first, I said")
    assert len(told(recommender)) == 2


def test_a_call_that_is_run_again_counts_once(process: Process) -> None:
    _, recommender = process([])
    for _ in range(2):
        recommender.feedback.record("ana", "seen", item_id="1", call="m/c")
    recommender.feedback.record("ana", "seen", item_id="1", call="m/d")
    recommender.feedback.record("ana", "seen", item_id="1")
    assert len(told(recommender)) == 3
    recommender.feedback.undo("ana")
    recommender.feedback.undo("ana")
    assert len(told(recommender)) == 1
    recommender.feedback.undo("ana")
    assert told(recommender) == []


def test_a_call_alone_is_not_kept_and_warns_of_nothing(process: Process) -> None:
    agent, _ = process([("recommend", {}), "Here."])
    said = {"messages": [{"role": "user", "content": "tea"}]}
    assert agent.invoke(said, context=RecommenderContext("ana"))["recommendations"]


def test_each_step_is_kept_before_the_next(process: Process) -> None:
    agent, recommender = process([NOTED, ("recommend", {}), "Here."])
    kept: list[bool] = []
    record = recommender.feedback.record

    def noting(*args: Any, **kwargs: Any) -> Any:
        messages = agent.get_state(config).values["messages"]
        kept.append(any(getattr(message, "tool_calls", None) for message in messages))
        return record(*args, **kwargs)

    recommender.feedback.record = noting  # type: ignore[method-assign]
    config: Any = {"configurable": {"thread_id": "t"}}
    said = {"messages": [{"role": "user", "content": "I know the first"}]}
    agent.invoke(said, config, context=RecommenderContext("ana"))
    assert kept == [True]


class Killed(BaseException):
    """Stands for a process's end."""


def test_a_tool_that_died_after_its_record_is_run_again_and_counts_once(process: Process) -> None:
    agent, recommender = process([NOTED, ("recommend", {}), "Here."])
    record = recommender.feedback.record

    def dying(*args: Any, **kwargs: Any) -> Any:
        record(*args, **kwargs)
        raise Killed

    recommender.feedback.record = dying  # type: ignore[method-assign]
    said: Any = {"messages": [{"role": "user", "content": "I know the first"}]}
    with pytest.raises(Killed):
        agent.invoke(said, {"configurable": {"thread_id": "t"}}, context=RecommenderContext("ana"))
    other, again = process([("recommend", {}), "Here."])
    session = Session(other, again, user_id="ana", thread_id="t")
    assert session.send("I know the first").recommendations
    assert len(again.feedback.export("ana")) == 2
    assert len(told(again)) == 1
