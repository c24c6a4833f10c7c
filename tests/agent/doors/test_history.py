from __future__ import annotations

from typing import Any

from tests.agent.doors.conftest import Opener

from chatrec.agent.doors._history import exchanges
from chatrec.indexes import Catalog

LIST: list[Any] = [("recommend", {}), "Have a look."]
ASK = [("ask_user", {"facet": "kind"})]


def test_a_conversation_comes_back_as_it_was_said(opener: Opener) -> None:
    session = opener([*ASK, *LIST, "Hello."])
    said = ["hello", "something smoky", "thanks"]
    answers = [session.send(text) for text in said]
    past = opener().exchanges()
    assert [exchange.said for exchange in past] == said
    for exchange, answer in zip(past, answers, strict=True):
        assert exchange.answer.as_dict() | {"seconds": 0} == answer.as_dict() | {"seconds": 0}


def test_a_conversation_that_has_not_begun_is_empty(opener: Opener) -> None:
    assert opener().exchanges() == []


def test_items_that_the_catalog_has_no_more_are_left_out(opener: Opener) -> None:
    session = opener(LIST)
    shown = session.send("tea").recommendations
    smaller = Catalog([item for item in session.catalog.items if item.id != shown[0]["id"]], name="teas")
    messages = session.agent.get_state({"configurable": {"thread_id": session.thread_id}}).values["messages"]
    left = exchanges(messages, smaller)[0].answer.recommendations
    assert [entry["id"] for entry in left] == [entry["id"] for entry in shown[1:]]


def test_the_latest_word_on_an_item_counts_and_is_taken_back_whole(opener: Opener) -> None:
    session = opener(LIST)
    first, second, _ = session.send("tea").recommendations
    session.judge(first, "accept")
    session.judge(second, "seen")
    session.judge(first, "reject", "I do not like smoky tea")
    assert {item: event.kind for item, event in session.marks().items()} == {
        first["id"]: "reject",
        second["id"]: "seen",
    }
    session.unmark(first["id"])
    assert list(session.marks()) == [second["id"]]
    session.unmark(first["id"])
    undone = session.undo()
    assert undone is not None
    assert undone.about == second["title"]
