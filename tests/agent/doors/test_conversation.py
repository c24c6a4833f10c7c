"""The events of a turn, for doors that stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatResult
from tests.agent.doors.conftest import Opener
from tests.agent.doors.serving import WritingModel, rooms_of

from chatrec.agent import create_recommender
from chatrec.agent.doors._conversation import Done, Event, Items, Probabilities, Question, Step, Understood, Words
from chatrec.agent.doors._session import Session
from chatrec.errors import ModelError
from chatrec.indexes import Recommender, open_checkpointer
from chatrec.testing import ScriptedChatModel, tea_catalog

LIST: list[Any] = [("recommend", {}), "Have a look."]
ASK = [("ask_user", {"facet": "kind"})]


async def events(session: Session, text: str, **more: Any) -> list[Event]:
    return [event async for event in session.stream(text, **more)]


def said(session: Session) -> list[str]:
    state = session._agent.get_state({"configurable": {"thread_id": session.thread_id}})
    return [m.text for m in state.values.get("messages", []) if isinstance(m, HumanMessage)]


async def test_a_list_as_events(opener: Opener) -> None:
    session = opener(LIST)
    found = await events(session, "something smoky")
    understood, step, items, *words, done = found
    assert understood == Understood(("taste=smoky",), 2)
    assert step == Step("recommend")
    assert isinstance(items, Items)
    assert len(items.recommendations) == 3
    assert isinstance(done, Done)
    assert "".join(word.text for word in words if isinstance(word, Words)) == done.answer.reply
    assert session.shown == list(items.recommendations) == list(done.answer.recommendations)
    for event in found:
        assert json.loads(json.dumps(event.as_dict())) == event.as_dict()


async def test_a_question_and_what_was_considered(opener: Opener) -> None:
    chosen = AIMessage(
        "",
        tool_calls=[{"name": "ask_user", "args": {"facet": "kind"}, "id": "1", "type": "tool_call"}],
        response_metadata={"tool_probabilities": {"ask_user": 0.75, "recommend": 0.25}},
    )
    _, considered, step, question, *_, done = await events(opener([chosen]), "hello")
    assert considered == Probabilities({"ask_user": 0.75, "recommend": 0.25})
    assert step == Step("ask_user")
    assert isinstance(question, Question)
    assert isinstance(done, Done)
    assert done.answer.question == question.question


async def test_what_was_noted_is_said_before_the_list_is_looked_for(opener: Opener) -> None:
    noted = ("record_feedback", {"kind": "accept", "item": "1"})
    session = opener([*LIST, noted, *LIST])
    await events(session, "a tea")
    found = await events(session, "I like the first, what else?")
    names = [event.name for event in found]
    assert names[:5] == ["understood", "step", "words", "step", "items"]
    assert found[2] == Words(f"Noted: you like {session.title(session.marks().popitem()[0])}.", rendered=False)
    done = found[-1]
    assert isinstance(done, Done)
    assert "".join(event.text for event in found if isinstance(event, Words)) == done.answer.reply


async def test_the_models_sentences_are_said_as_it_writes_them() -> None:
    model = WritingModel(sentences=("Have a look.", "The Fury of 2017 is best.", "Take your time.", "All are good."))
    session = rooms_of(tea_catalog(), model=model)["teas"].session("ana", "t1")
    said = ""
    async for event in session.stream("something smoky"):
        if isinstance(event, Words) and not event.rendered:
            said += event.text
            if said == "Have a look.":
                model.may.release(2)
            elif said == "Have a look. Take your time.":
                model.may.release()
        elif isinstance(event, Done):
            assert said == "Have a look. Take your time. All are good."
            assert event.answer.reply.startswith(said)
            assert "1. " in event.answer.reply


async def test_streamed_and_waited_for_are_the_same_turn(opener: Opener) -> None:
    waited = [opener([*LIST, *ASK, *LIST], thread="a")]
    streamed = [opener([*LIST, *ASK, *LIST], thread="b")]
    for text in ("a tea", "hm", "something smoky below 20 euros"):
        done = (await events(streamed[0], text))[-1]
        assert isinstance(done, Done)
        answer = waited[0].send(text).as_dict() | {"seconds": 0}
        assert done.answer.as_dict() | {"seconds": 0} == answer


@pytest.mark.parametrize("end", [ModelError("it broke", hint="mend it"), RuntimeError("a defect")])
async def test_a_turn_that_breaks_leaves_no_trace(opener: Opener, end: BaseException) -> None:
    session = opener([*LIST, ("recommend", {}), end, *LIST])
    await events(session, "a tea")
    with pytest.raises(type(end)):
        await events(session, "something else")
    assert said(session) == ["a tea"]


async def test_a_history_from_elsewhere_is_gone_on_with(opener: Opener) -> None:
    first = opener(LIST)
    shown = first.send("a tea").recommendations
    messages = first._agent.get_state({"configurable": {"thread_id": "t1"}}).values["messages"]
    second = opener([("describe_item", {"item": "2"})], thread="t2")
    done = (await events(second, "tell me about the second one", history=messages))[-1]
    assert isinstance(done, Done)
    assert shown[1]["title"] in done.answer.reply
    assert said(second) == ["a tea", "tell me about the second one"]


class Slow(ScriptedChatModel):
    """Thinks until it is told to stop."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.replies.append("stopped")
            raise
        raise AssertionError


async def test_who_stops_listening_stops_the_model(recommender: Recommender) -> None:
    model = Slow()
    agent = create_recommender(
        recommender, model=model, store=recommender.store, checkpointer=open_checkpointer(None), size=3
    )
    session = Session(agent, recommender, user_id="ana", thread_id="t1")
    reading: asyncio.Task[Sequence[Event]] = asyncio.create_task(events(session, "a tea"))
    await asyncio.sleep(0.2)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert model.replies == ["stopped"]
    assert said(session) == []


async def test_who_leaves_while_words_come_keeps_the_turn(opener: Opener) -> None:
    session = opener(LIST)
    async with aclosing(session.stream("a tea")) as stream:
        async for event in stream:
            if isinstance(event, Words):
                break
    assert said(session) == ["a tea"]
