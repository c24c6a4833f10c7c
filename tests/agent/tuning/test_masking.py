from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from chatrec.agent._turns import STAMP
from chatrec.agent.tuning._masking import masked, masked_messages


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("My name is Anna, anna@example.org", "My name is [REDACTED_NAME], [REDACTED_EMAIL]"),
        ("I'm Anna Lee and I like tea", "I'm [REDACTED_NAME] and I like tea"),
        ("我叫李小龙，想喝茶", "我叫[REDACTED_NAME]，想喝茶"),
        ("my card is 4111 1111 1111 1111", "my card is [REDACTED_CREDIT_CARD]"),
        ("ring +49 170 1234567 or (030) 123-4567", "ring [REDACTED_NUMBER] or [REDACTED_NUMBER]"),
        ("as on https://example.org/me?id=7", "as on [REDACTED_URL]"),
        ("Bo wants tea", "[REDACTED_NAME] wants tea"),
    ],
)
def test_what_tells_who_somebody_is_is_masked(text: str, wanted: str) -> None:
    assert masked(text, ["bo"]) == wanted


@pytest.mark.parametrize(
    "text",
    ["films from 1990-2000", "under 200000, at least 2.5", "between 120 and 380 cm", "I am vegetarian", "2001 (1968)",
     "a book of Bosch", "不超过300元"],
)  # fmt: skip
def test_wishes_stay(text: str) -> None:
    assert masked(text, ["bo"]) == text


def test_a_conversation_is_masked_in_words_calls_and_what_was_said_before() -> None:
    call = {"name": "recommend", "args": {"query": "for a@b.org", "where": ["kind=a@b.org"]}, "id": "1"}
    messages: list[AnyMessage] = [
        HumanMessage("I am Anna"),
        AIMessage("", tool_calls=[{**call, "type": "tool_call"}]),
        AIMessage("Hello a@b.org", additional_kwargs={STAMP: {"said": "Hello a@b.org", "act": "reply"}}),
    ]
    told = masked_messages(messages)
    assert "Anna" not in str(told)
    assert "a@b.org" not in str(told)
    assert "a@b.org" in str(messages)
    assert told[2].additional_kwargs[STAMP]["act"] == "reply"
