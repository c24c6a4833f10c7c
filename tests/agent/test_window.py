"""What of a long conversation the model is told."""

from __future__ import annotations

from itertools import pairwise

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from chatrec.agent._window import window


def talk(turns: int) -> list[AnyMessage]:
    messages: list[AnyMessage] = []
    for n in range(turns):
        call = {"name": "recommend", "args": {}, "id": str(n), "type": "tool_call"}
        messages += [
            HumanMessage(f"wish {n} " + "word " * 40),
            AIMessage("", tool_calls=[call]),
            ToolMessage("a list " * 40, tool_call_id=str(n)),
            AIMessage("Here."),
        ]
    return messages


def test_a_short_conversation_is_told_whole() -> None:
    assert window(talk(5), 8000) == talk(5)
    assert window(talk(8), 8000) == talk(8)


def test_a_long_one_is_told_from_a_persons_message_and_within_bounds() -> None:
    for turns in range(1, 120):
        told = window(talk(turns), 4000)
        assert isinstance(told[0], HumanMessage)
        assert told[-1].text == "Here."
        assert sum(len(message.text) for message in told) * 0.3 < 4000 * 0.6


def test_its_beginning_stays_for_many_turns() -> None:
    begins = [window(talk(turns), 8000)[0].text for turns in range(1, 120)]
    changes = sum(before != after for before, after in pairwise(begins))
    assert 0 < changes <= 120 / 4


def test_its_beginning_stays_while_a_turn_is_answered() -> None:
    whole = talk(60)
    turns = [i for i, message in enumerate(whole) if isinstance(message, HumanMessage)]
    for begin, end in pairwise(turns):
        for most in range(3000, 5000, 250):
            told = {window(whole[:cut], most)[0].text for cut in range(begin + 1, end + 1)}
            assert len(told) == 1, (most, told)


def test_one_endless_message_keeps_its_ends() -> None:
    told = window([HumanMessage("first " + "x " * 50_000 + "last")], 4000)[0].text
    assert told.startswith("first ")
    assert told.endswith("last")
    assert len(told) < 4000
    chinese = window([HumanMessage("头" + "字" * 50_000 + "尾")], 4000)[0].text
    assert (chinese[0], chinese[-1]) == ("头", "尾")
    assert len(chinese.encode()) < 4000


def test_no_message_of_the_person_means_nothing_to_cut() -> None:
    assert window([AIMessage("Hello!")], 100)[0].text == "Hello!"
    assert window([], 100) == []
