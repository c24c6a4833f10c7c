"""Every example is run: with a scripted model on the teas, and two of them as they stand, on the embedded model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from examples import add_to_agent, local_model, own_stores, retriever, streaming, supervisor, toolkit
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.indexes import Catalog, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder, ScriptedChatModel

ANA = RecommenderContext(user_id="ana")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
IN_T: RunnableConfig = {"configurable": {"thread_id": "t"}}


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def bounded(*replies: Any) -> ScriptedChatModel:
    return ScriptedChatModel(replies=list(replies), bounds_choice=True)


def test_all_examples_are_tried_short_and_say_how_they_are_run() -> None:
    found = {path.stem: path.read_text("utf-8") for path in EXAMPLES.glob("*.py")}
    tried = {name for name, value in globals().items() if getattr(value, "__name__", "") == f"examples.{name}"}
    assert {*found} == tried
    for name, text in found.items():
        assert 20 <= text.count("\n") <= 75, name
        assert f"python examples/{name}.py" in text


def test_an_agent_keeps_its_tools_and_gains_recommendations(recommender: Recommender) -> None:
    model = ScriptedChatModel(
        replies=[("opening_hours", {"day": "Sunday"}), "We are closed.", ("recommend", {}), "Try these."]
    )
    agent = add_to_agent.build(model, recommender)
    first = agent.invoke(said("are you open on Sunday?"), context=ANA)
    assert [m.text for m in first["messages"] if m.type == "tool"] == ["closed"]
    assert first["recommendations"] == []
    second = agent.invoke(said("something smoky"), context=ANA)
    assert second["recommendations"][0]["id"] in {"black-harbour", "smoke-ridge"}
    assert "1. " in second["messages"][-1].text
    assert {"opening_hours", "recommend", "ask_user"} <= {*model.history[0].tools}


def test_the_toolkit_serves_anothers_model(recommender: Recommender) -> None:
    model = ScriptedChatModel(replies=[("recommend", {"query": "smoky"}), "Black Harbour is smoky."])
    result = toolkit.build(model, recommender, "ana").invoke(said("something smoky"))
    assert result["messages"][-1].text == "Black Harbour is smoky."
    assert len(toolkit.items(result)) == 5
    assert toolkit.items({"messages": [AIMessage("no call")]}) == []
    assert len(toolkit.items(toolkit.build(toolkit.script(), recommender, "ana").invoke(said("a tea")))) == 5


def test_a_supervisor_hands_over_and_takes_back(recommender: Recommender) -> None:
    model = bounded(("recommend", {}), ("ask_user", {"facet": "kind"}))
    agent = supervisor.build(create_recommender(recommender, model=model, checkpointer=InMemorySaver()))
    first = agent.invoke(said("something smoky"), IN_T, context=ANA)
    assert len(first["recommendations"]) == 5
    second = agent.invoke(said("where is my invoice?"), IN_T, context=ANA)
    assert second["messages"][-1].text == "Your last invoice is paid."
    assert second["recommendations"] == []
    third = agent.invoke(said("and what else?"), IN_T, context=ANA)
    assert third["question"]["facet"] == "kind"
    assert [m.type for m in third["messages"]].count("human") == 3
    told = "\n".join(message.text for message in model.history[-1].messages)
    assert "something smoky" in told, "the recommender reads the whole conversation"


def test_the_index_is_a_retriever_that_filters_before_it_searches(catalog: Catalog) -> None:
    model = ScriptedChatModel(replies=["Smoke Ridge."])
    chain = retriever.build(ItemIndex.build(catalog, embedder=HashingEmbedder()), model, kind="black")
    assert chain.invoke("something for the garden").text == "Smoke Ridge."
    told = model.history[0].messages[0].text
    assert "Black Harbour" in told
    assert "Smoke Ridge" in told
    assert "Green Dawn" not in told


async def test_the_apps_own_stores_hold_everything(catalog: Catalog, chatrec_home: Path) -> None:
    store, checkpointer = InMemoryStore(), InMemorySaver()
    recommender = Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()), store=store)
    agent = own_stores.build(recommender, checkpointer, bounded(("recommend", {}), ("recommend", {})))
    agent.invoke(said("something smoky"), IN_T, context=ANA)
    later = await agent.ainvoke(said("others"), IN_T, context=ANA)
    assert len([m for m in later["messages"] if m.type == "human"]) == 2
    kept = checkpointer.get_tuple(IN_T)
    assert kept is not None
    assert len(kept.checkpoint["channel_values"]["messages"]) == len(later["messages"])
    assert store.search(()), "who owns the thread is kept in the app's store"
    assert not chatrec_home.exists(), "nothing is kept elsewhere"


async def test_every_stream_mode_brings_its_part_sync_and_async(recommender: Recommender) -> None:
    def agent(*replies: Any) -> Any:
        return create_recommender(recommender, model=bounded(*replies), checkpointer=InMemorySaver())

    script: list[Any] = [("record_feedback", {"kind": "accept", "item": "Black Harbour"}), ("recommend", {})]
    lines = streaming.streamed(agent(*script), "I like Black Harbour, something smoky")
    assert lines == await streaming.astreamed(agent(*script), "I like Black Harbour, something smoky")
    kinds = [line.split(":")[0] for line in lines]
    assert kinds == ["understood", "acted", "said", "acted", "items", "text"]
    assert "'matching': 2" in lines[0]
    assert "'Noted: you like Black Harbour.'" in lines[2]
    assert "['record_feedback', 'recommend']" in lines[3]
    assert "Smoke Ridge" in lines[4]
    assert lines[5].startswith("text: Noted: you like Black Harbour. Here is what I found")


def test_unchecked_words_are_in_no_stream(recommender: Recommender) -> None:
    model = bounded(("recommend", {}), "The Fury of 2017 is best.")
    agent = create_recommender(recommender, model=model, checkpointer=InMemorySaver(), reply="model")
    modes = ["messages", "custom"]
    came = str(list(agent.stream(said("something smoky"), context=ANA, stream_mode=modes)))
    assert "Smoke Ridge" in came
    assert "Fury" not in came


@pytest.mark.real_model
def test_the_local_model_works_in_any_agent(capsys: pytest.CaptureFixture[str]) -> None:
    made = local_model.main()
    assert made["ticket"].topic in {"delivery", "payment", "other"}
    assert 1 <= made["ticket"].urgency <= 3
    assert set(made["call"]["args"]) == {"city"}
    assert made["messages"][-1].text
    assert "topic=" in capsys.readouterr().out


@pytest.mark.real_model
def test_streaming_on_the_embedded_model(recommender: Recommender) -> None:
    lines = streaming.streamed(create_recommender(recommender), "a smoky black tea")
    assert "'kind=black'" in lines[0]
    assert "'matching': 2" in lines[0]
    assert lines[-1].startswith("text: ")
