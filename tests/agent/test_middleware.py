"""The turn, with a scripted model: what it is told, what it may do, what the person reads."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from chatrec.agent import RecommenderContext, RecommenderMiddleware, create_recommender
from chatrec.agent._reply import FREE, KINDS
from chatrec.agent._texts import say
from chatrec.errors import ContextError, ThreadRefused
from chatrec.indexes import Constraint, Recommender
from chatrec.testing import ScriptedChatModel

ANA = RecommenderContext("ana")
IN_T: RunnableConfig = {"configurable": {"thread_id": "t"}}


class Talk:
    """A conversation with a scripted model."""

    def __init__(self, recommender: Recommender, *replies: Any, local: bool = True, **settings: Any) -> None:
        self.model = ScriptedChatModel(replies=list(replies), bounds_choice=local)
        settings = {"reply": "model"} | settings
        self.agent = create_recommender(recommender, model=self.model, checkpointer=InMemorySaver(), **settings)

    def say(self, text: str, context: Any = ANA) -> dict[str, Any]:
        result: dict[str, Any] = self.agent.invoke(_said(text), context=context, config=IN_T)
        return result

    def told(self, call: int = -1) -> list[BaseMessage]:
        return self.model.history[call].messages


def _said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def test_a_list_is_shown_from_the_results_after_one_checked_sentence(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {}), "These should suit a cold evening. Try The Fury of 2017.")
    result = talk.say("something smoky")
    text = result["messages"][-1].text
    assert text.startswith("These should suit a cold evening.\n\nOnly 2 match everything")
    assert "\n1. " in text
    assert "Fury" not in text
    assert [entry["id"] for entry in result["recommendations"]][:2] != []
    assert result["question"] is None
    assert result["messages"][-1].response_metadata["act"] == "recommend"
    for entry in result["recommendations"]:
        assert entry["title"] in text


def test_rendered_lists_need_no_words_of_the_model(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {}), reply="auto")
    text = talk.say("under 31 euros")["messages"][-1].text
    assert text.startswith("Here is what I found for price below €31:\n\n1. ")
    assert len(talk.model.history) == 1


def test_rendered_small_talk_is_one_checked_sentence(recommender: Recommender) -> None:
    talk = Talk(recommender, ("reply", {}), "Good morning to you! I also sell cars.", reply="rendered")
    assert talk.say("hi")["messages"][-1].text == "Good morning to you!"
    assert talk.model.history[-1].settings["text_grammar"] == "sentence"


def test_an_invented_sentence_is_replaced(recommender: Recommender) -> None:
    text = Talk(recommender, ("recommend", {}), "You will love Dragon Pearl!").say("tea please")["messages"][-1].text
    assert "Dragon" not in text
    assert "\n\n1. " in text


def test_two_lists_do_not_begin_with_the_same_words(recommender: Recommender) -> None:
    script: list[Any] = [("recommend", {}), "Enjoy!", ("recommend", {}), "Enjoy!"]
    talk = Talk(recommender, *script)
    assert talk.say("tea")["messages"][-1].text.startswith("Enjoy!")
    assert not talk.say("more")["messages"][-1].text.startswith("Enjoy!")


def test_a_question_ends_the_turn_without_another_call(recommender: Recommender) -> None:
    talk = Talk(recommender, ("ask_user", {"facet": "taste"}))
    result = talk.say("hello, I want tea")
    assert result["question"]["facet"] == "taste"
    assert result["messages"][-1].text == result["question"]["text"]
    assert isinstance(result["messages"][-1], AIMessage)
    assert result["recommendations"] == []
    assert len(talk.model.history) == 1


def test_what_the_model_takes_for_meant_holds_from_then_on(recommender: Recommender) -> None:
    talk = Talk(
        recommender,
        *[("recommend", {"where": ["taste=fresh"]}), "Here you are."],
        *[("recommend", {"where": ["price<=15"]}), "And these.", ("recommend", {}), "Others."],
        local=False,
    )
    for words, where in (
        ("something for a hot day", ["taste=fresh"]),
        ("more", ["taste=fresh", "price<=15"]),
        ("more", ["taste=fresh", "price<=15"]),
    ):
        messages = talk.say(words)["messages"]
        artifact = next(m.artifact for m in reversed(messages) if isinstance(m, ToolMessage))
        assert artifact["where"] == where


def test_results_are_of_this_turn_only(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {}), "Here you are.", ("reply", {}), "You are welcome!")
    assert talk.say("tea")["recommendations"]
    after = talk.say("thanks")
    assert after["recommendations"] == []
    assert after["messages"][-1].text == "You are welcome!"


def test_feedback_is_noted_and_another_choice_follows(recommender: Recommender) -> None:
    talk = Talk(
        recommender,
        *[("recommend", {}), "Here you are."],
        *[("record_feedback", {"kind": "reject", "item": "1"}), ("recommend", {}), "Others, then."],
    )
    first = talk.say("tea")["recommendations"][0]["id"]
    second = talk.say("not the first one, too plain")
    assert first not in [entry["id"] for entry in second["recommendations"]]
    event = recommender.feedback.events("ana")[-1]
    assert (event.kind, event.item_id, event.reason) == ("reject", first, "not the first one, too plain")


def test_the_model_is_told_which_opinions_it_has_not_noted(recommender: Recommender) -> None:
    notes = [("record_feedback", {"kind": kind, "item": item}) for kind, item in (("seen", "1"), ("reject", "2"))]
    talk = Talk(recommender, ("recommend", {}), "Here.", *notes, ("reply", {}), "Noted.")
    listed = [entry["title"] for entry in talk.say("tea")["recommendations"]]
    talk.say("I have the first at home already, and I do not want the second")
    _, seen, rejected = (message.text for message in talk.told() if isinstance(message, ToolMessage))
    assert seen.startswith(f"Noted: seen {listed[0]}. Left: 2 {listed[1]} = ")
    assert rejected == f"Noted: reject {listed[1]}."


def test_what_was_recorded_is_told_whatever_the_model_says_of_it(recommender: Recommender) -> None:
    seen = ("record_feedback", {"kind": "seen", "item": "1"})
    talk = Talk(recommender, *[("recommend", {}), "Here you are."], *[seen, ("reply", {}), "You are welcome."])
    title = talk.say("tea")["recommendations"][0]["title"]
    assert talk.say("I know the first")["messages"][-1].text == f"Noted: you know {title} already. You are welcome."
    talk = Talk(recommender, *[("recommend", {}), "Here you are."], *[seen, ("reply", {}), "Try Dragon Pearl!"])
    title = talk.say("茶")["recommendations"][0]["title"]
    assert talk.say("第一个我知道")["messages"][-1].text == f"记下了：你已经知道“{title}”。"


def test_the_choice_is_bounded_by_what_is_possible(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {}), "Here.", ("reply", {}), "Sure.")
    talk.say("hello")
    first = talk.model.history[0].settings
    assert first["tool_choice"] == "any"
    assert set(first["legal_tools"]) == {"recommend", "reply", "ask_user", "get_profile"}
    talk.say("ok")
    second = talk.model.history[2].settings
    assert {"describe_item", "record_feedback"} <= set(second["legal_tools"])
    assert second["argument_schemas"]["describe_item"]["properties"]["item"]["enum"][:2] == ["1", "2"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != FREE])
def test_what_needs_no_wit_is_said_in_the_house_words(recommender: Recommender, kind: str) -> None:
    talk = Talk(recommender, ("reply", {"kind": kind}), ("reply", {"kind": kind}), reply="rendered")
    said = [talk.say(text)["messages"][-1] for text in ("hello", "你好")]
    assert [message.text for message in said] == [say(kind, tongue, name="teas", count="8") for tongue in ("en", "zh")]
    assert {message.response_metadata["act"] for message in said} == {"reply"}
    assert len(talk.model.history) == 2


def test_the_person_is_told_what_is_remembered(recommender: Recommender) -> None:
    looks = [("get_profile", {}), ("reply", {"kind": "noted"})]
    talk = Talk(recommender, *looks, *looks, reply="rendered")
    assert talk.say("what do you know about me?")["messages"][-1].text == say("no_profile", "en")
    recommender.profiles.prefer("ana", Constraint.parse("kind!=black", recommender.catalog.facets))
    assert "not black" in talk.say("and now?")["messages"][-1].text


def test_only_what_is_pointed_at_can_be_judged_or_described(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {}), "Here.", ("reply", {}), "Sure.")
    talk.say("hello")
    talk.say("the second one")
    schemas = talk.model.history[-2].settings["argument_schemas"]
    for name in ("describe_item", "record_feedback"):
        assert schemas[name]["properties"]["item"]["enum"] == ["2"]


def test_the_question_budget_is_kept(recommender: Recommender) -> None:
    asks = [("ask_user", {"facet": "taste"}), ("ask_user", {"facet": "kind"}), ("recommend", {}), "There."]
    talk = Talk(recommender, *asks, max_questions=2)
    for text in ("hello", "hm", "well"):
        talk.say(text)
    assert "ask_user" in talk.model.history[1].settings["legal_tools"]
    assert "taste" not in talk.model.history[1].settings["argument_schemas"]["ask_user"]["properties"]["facet"]["enum"]
    assert "ask_user" not in talk.model.history[2].settings["legal_tools"]


def test_bookkeeping_is_bounded(recommender: Recommender) -> None:
    notes = [("record_feedback", {"kind": "seen", "item": str(n)}) for n in range(1, 5)]
    talk = Talk(recommender, ("recommend", {}), "Here.", *notes, ("reply", {}), "Noted.")
    talk.say("tea")
    talk.say("I know them all")
    assert "record_feedback" not in talk.model.history[-2].settings["legal_tools"]


def test_the_history_only_grows(recommender: Recommender) -> None:
    talk = Talk(
        recommender,
        *[
            ("ask_user", {"facet": "taste"}),
            ("recommend", {}),
            "Here you are.",
            ("reply", {}),
            "Bye.",
            ("reply", {}),
            "Bye.",
        ],
    )
    seen: list[BaseMessage] = []
    for text in ("tea please", "smoky", "thanks", "bye"):
        talk.say(text)
        told = talk.told()
        assert [(m.type, m.text) for m in told[: len(seen)]] == [(m.type, m.text) for m in seen]
        seen = told
    assert "[wishes: taste=smoky" in seen[4].text or any("taste=smoky" in m.text for m in seen)


def test_probabilities_stay_on_the_message(recommender: Recommender) -> None:
    choice = AIMessage(
        "",
        tool_calls=[{"name": "reply", "args": {}, "id": "1", "type": "tool_call"}],
        response_metadata={"tool_probabilities": {"reply": 0.7, "recommend": 0.3}},
    )
    result = Talk(recommender, choice, "Hello!").say("hi")
    assert result["messages"][-1].response_metadata["tool_probabilities"] == {"reply": 0.7, "recommend": 0.3}


def test_other_models_choose_freely_and_are_checked(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {"where": ["taste=smoky"]}), "I would take “Lost Leaf”.", local=False)
    result = talk.say("smoky tea")
    assert "Lost Leaf" not in result["messages"][-1].text
    assert result["recommendations"][0]["title"] in result["messages"][-1].text
    assert "reply" not in talk.model.history[0].tools
    assert "legal_tools" not in talk.model.history[0].settings
    assert Talk(recommender, "Good morning!", local=False).say("hi")["messages"][-1].text == "Good morning!"


def test_a_model_that_errs_is_told_and_tries_again(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {"where": ["colour=red"]}), ("recommend", {}), "Here.", local=False)
    result = talk.say("red tea")
    assert "facets: kind, taste, price" in talk.told(1)[-1].text
    assert result["recommendations"]


def test_a_model_that_only_errs_is_stopped(recommender: Recommender) -> None:
    wrong: list[Any] = [("recommend", {"where": ["colour=red"]})] * 7
    talk = Talk(recommender, *wrong, "I cannot find that.", local=False)
    assert talk.say("red tea")["messages"][-1].text == "I cannot find that."
    assert talk.model.history[-1].settings["tool_choice"] == "none"


def test_replies_are_never_empty(recommender: Recommender) -> None:
    scripts: list[list[Any]] = [[("reply", {}), ""], [("recommend", {}), ""], [("reply", {}), "《流浪》不错。"]]
    for replies in scripts:
        assert Talk(recommender, *replies).say("hi")["messages"][-1].text.strip()
    assert Talk(recommender, "", local=False).say("hi")["messages"][-1].text.strip()


def test_chinese_is_answered_in_chinese(recommender: Recommender) -> None:
    text = Talk(recommender, ("recommend", {}), "Here is a list.").say("我想喝茶")["messages"][-1].text
    assert "我找到了" in text


def test_a_stranger_cannot_enter_a_thread_nor_leave_a_trace_in_it(recommender: Recommender) -> None:
    talk = Talk(recommender, ("reply", {}), "Hello!", ("reply", {}), "Yes?")
    before = talk.say("hi")["messages"]
    with pytest.raises(ThreadRefused):
        talk.say("what did ana say?", RecommenderContext("bob"))
    assert [m.text for m in talk.say("still me")["messages"]][: len(before)] == [m.text for m in before]


@pytest.mark.parametrize("context", [None, {}, {"user_id": ""}, RecommenderContext(""), object()])
def test_nobody_is_refused(recommender: Recommender, context: Any) -> None:
    with pytest.raises(ContextError):
        Talk(recommender).say("hi", context)


def test_results_cannot_be_put_in_by_a_caller(recommender: Recommender) -> None:
    talk = Talk(recommender, ("reply", {}), "Hello!")
    given = _said("hi") | {"recommendations": [{"id": "forged"}], "question": {"text": "forged"}}
    result = talk.agent.invoke(given, context=ANA, config=IN_T)
    assert (result["recommendations"], result["question"]) == ([], None)


def test_a_whole_history_needs_no_thread(recommender: Recommender) -> None:
    talk = Talk(recommender, ("recommend", {}), "Here you are.", ("reply", {}), "Bye.")
    first = talk.agent.invoke(_said("a green one"), context=ANA)
    history = [*first["messages"], {"role": "user", "content": "thanks"}]
    assert talk.agent.invoke({"messages": history}, context=ANA)["messages"][-1].text == "Bye."
    assert "kind=green" in talk.told()[-1].text


async def test_async_and_streams_give_the_same(recommender: Recommender) -> None:
    script: list[Any] = [("recommend", {}), "Here you are."]
    expected = Talk(recommender, *script).say("tea")["messages"][-1].text
    result = await Talk(recommender, *script).agent.ainvoke(_said("tea"), context=ANA, config=IN_T)
    assert result["messages"][-1].text == expected
    values = list(Talk(recommender, *script).agent.stream(_said("tea"), context=ANA, config=IN_T, stream_mode="values"))
    assert values[-1]["messages"][-1].text == expected
    streamed = Talk(recommender, *script).agent.astream(_said("tea"), context=ANA, config=IN_T, stream_mode="messages")
    texts = [message.text async for message, _ in streamed if isinstance(message, AIMessage) and message.text]
    assert texts == [expected]


def test_an_existing_agent_gains_it_by_one_middleware(recommender: Recommender) -> None:
    def clock() -> str:
        """Tell the time."""
        return "noon"

    model = ScriptedChatModel(replies=[("clock", {}), ("recommend", {}), "Noon calls for these."], bounds_choice=False)
    agent: Any = create_agent(
        model,
        tools=[clock],
        system_prompt="You are a butler.",
        middleware=[RecommenderMiddleware(recommender)],
        context_schema=RecommenderContext,
        store=InMemoryStore(),
    )
    result = agent.invoke(_said("tea for this hour"), context=ANA)
    assert result["recommendations"]
    assert model.history[0].messages[0].text.startswith("You are a butler.")
    assert "clock" in model.history[0].tools
