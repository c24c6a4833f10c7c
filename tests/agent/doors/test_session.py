from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from tests.agent.doors.conftest import Opener

from chatrec.agent.doors._session import Session, Undone
from chatrec.errors import CatalogError, ModelError, ThreadRefused

LIST: list[Any] = [("recommend", {}), "Have a look."]
ASK = [("ask_user", {"facet": "kind"})]


def conversation(session: Session) -> list[str]:
    state = session._agent.get_state({"configurable": {"thread_id": session.thread_id}})
    return [m.text for m in state.values.get("messages", []) if isinstance(m, HumanMessage)]


def test_an_answer_has_exactly_the_promised_keys(opener: Opener) -> None:
    shown = json.loads(json.dumps(opener(LIST).send("something smoky").as_dict()))
    assert list(shown) == ["reply", "act", "recommendations", "question", "probabilities", "seconds"]
    assert shown["act"] == "recommend"
    assert [list(entry) for entry in shown["recommendations"]] == [
        ["id", "title", "score", "parts", "reason", "because", "item"]
    ] * 3
    assert shown["question"] is None
    assert shown["seconds"] > 0
    assert all(entry["title"] in shown["reply"] for entry in shown["recommendations"])


def test_a_question_is_told(opener: Opener) -> None:
    answer = opener(ASK).send("hello")
    assert answer.act == "ask"
    assert answer.recommendations == ()
    assert answer.question is not None
    assert list(answer.question) == ["text", "facet", "options"]
    assert answer.question["text"] in answer.reply


def test_probabilities_are_those_of_the_choice(opener: Opener) -> None:
    chosen = AIMessage(
        "",
        tool_calls=[{"name": "ask_user", "args": {"facet": "kind"}, "id": "1", "type": "tool_call"}],
        response_metadata={"tool_probabilities": {"ask_user": 0.75, "recommend": 0.25}},
    )
    assert opener([chosen]).send("hello").as_dict()["probabilities"] == {"ask_user": 0.75, "recommend": 0.25}
    assert opener(LIST).send("hello").as_dict()["probabilities"] == {}


def test_steps_are_told_as_they_happen(opener: Opener) -> None:
    steps: list[str] = []
    opener(LIST).send("tea", on_step=steps.append)
    assert steps == ["recommend"]


@pytest.mark.parametrize("kind", ["accept", "reject", "seen"])
def test_feedback_changes_the_very_next_list_and_undo_takes_it_back(opener: Opener, kind: Any) -> None:
    session = opener([*LIST, *LIST])
    first = session.send("a tea").recommendations[0]

    def found() -> set[str]:
        return {item.id for item in session.recommender.recommend("a tea", user_id="ana", k=8).items}

    assert first["id"] in found()
    noted = session.feedback(kind, 1)
    assert noted.event.item_id == first["id"]
    assert first["id"] not in found()
    assert first["id"] not in {entry["id"] for entry in session.send("a tea").recommendations}
    assert session.undo() == Undone(kind, first["title"])
    assert first["id"] in found()
    assert session.undo() is None


def test_a_reason_is_understood_in_the_catalogs_terms(opener: Opener) -> None:
    session = opener(LIST)
    session.send("a tea")
    noted = session.feedback("reject", 2, "I do not like smoky tea")
    assert [str(constraint) for constraint in noted.understood] == ["taste!=smoky"]
    assert noted.event.constraint == noted.understood[0]
    assert noted.event.reason == "I do not like smoky tea"


def test_undo_takes_back_the_newest_whichever_log_it_is_in(opener: Opener) -> None:
    session = opener([*LIST, [("update_profile", {"add": ["kind=green"]})], "Noted."])
    session.send("a tea")
    session.feedback("accept", 1)
    session.send("I always want green tea")
    assert session.undo() == Undone("prefer", "kind=green")
    assert session.undo() == Undone("accept", session.shown[0]["title"])
    assert session.undo() is None


@pytest.mark.parametrize("number", [-1, 0, 4, 99])
def test_numbers_off_the_list_are_refused(opener: Opener, number: int) -> None:
    session = opener(LIST)
    session.send("a tea")
    with pytest.raises(CatalogError, match="from 1 to 3"):
        session.why(number)


def test_what_is_known(opener: Opener) -> None:
    session = opener(LIST)
    titles = [entry["title"] for entry in session.send("a tea").recommendations]
    session.feedback("accept", 1)
    session.feedback("reject", 2)
    session.feedback("seen", 3)
    known = session.known()
    assert (known.accepted, known.rejected, known.seen) == ((titles[0],), (titles[1],), (titles[2],))


def test_a_thread_is_gone_on_with(opener: Opener) -> None:
    first = opener([*LIST, *ASK])
    shown = first.send("a tea").recommendations
    first.send("hm")
    again = opener(LIST)
    assert again.turns_before == 2
    assert again.shown == list(shown)
    assert again.feedback("accept", 2).event.item_id == shown[1]["id"]
    again.send("and now")
    assert conversation(again) == ["a tea", "hm", "and now"]


def test_another_persons_thread_is_refused(opener: Opener) -> None:
    opener(LIST).send("a tea")
    with pytest.raises(ThreadRefused):
        opener(user="ben")


@pytest.mark.parametrize("end", [KeyboardInterrupt(), ModelError("it broke", hint="mend it")])
def test_an_unfinished_turn_leaves_no_trace(opener: Opener, end: BaseException) -> None:
    session = opener([*LIST, ("recommend", {}), end, *LIST])
    session.send("a tea")
    shown = session.shown
    with pytest.raises(type(end)):
        session.send("something else")
    assert conversation(session) == ["a tea"]
    assert session.shown == shown
    assert session.send("a third thing").act == "recommend"
    assert conversation(opener()) == ["a tea", "a third thing"]


def test_an_unfinished_first_turn_leaves_no_trace(opener: Opener) -> None:
    session = opener([KeyboardInterrupt(), *LIST])
    with pytest.raises(KeyboardInterrupt):
        session.send("never mind")
    assert conversation(session) == []
    session.send("a tea")
    assert conversation(session) == ["a tea"]
