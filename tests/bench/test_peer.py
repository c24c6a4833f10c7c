from __future__ import annotations

import pytest
from bench.peer import measure, messages, valid
from langchain_core.messages import AIMessage


def call(name: str, **args: object) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}])


@pytest.mark.parametrize(
    ("message", "right"),
    [
        (call("order", thing="string", place="the mill", count=1, urgent=False), True),
        (call("order", thing="string", place="the mill", count="1", urgent=False), False),
        (call("order", thing="string", place="the mill"), False),
        (call("order", thing="string", place="the mill", count=1, urgent=False, more=1), False),
        (call("ask", question="Where to?"), False),
        (AIMessage('{"thing": "string"}'), False),
    ],
)
def test_only_a_whole_call_counts(message: AIMessage, right: bool) -> None:
    assert valid(message) is right


def test_repeats_differ_and_the_first_is_kept_apart() -> None:
    assert len({str(messages(number)[1].content) for number in range(50)}) == 50
    good = call("order", thing="string", place="the mill", count=1, urgent=False)

    def fails(number: int) -> AIMessage:
        if number:
            raise ValueError("no JSON")
        return good

    found = measure({"good": lambda _: good, "bad": fails}, 2)
    assert [row["valid"] for row in found["good"]] == [True] * 3
    assert [row["valid"] for row in found["bad"]] == [True, False, False]
    assert "no JSON" in found["bad"][1]["args"]
