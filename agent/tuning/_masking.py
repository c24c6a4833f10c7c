"""Personal data in what people typed, masked with LangChain's detectors and three patterns of our own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from langchain.agents.middleware import RedactionRule
from langchain.agents.middleware.pii import PIIMatch
from langchain_core.messages import AIMessage, AnyMessage

from chatrec.agent._turns import STAMP

__all__ = ["masked", "masked_messages"]

_NAME = (
    r"(?:(?<=(?i:my name is ))|(?<=name's )|(?<=(?i:call me )))[^\W\d]+(?: [A-Z]\w+)?"
    r"|(?:(?<=\bI'm )|(?<=\bI’m )|(?<=\bI am )|(?<=\bThis is ))[A-Z][a-z]+(?: [A-Z][a-z]+)?"
    r"|(?:(?<=我叫)|(?<=名字是)|(?<=叫我))[㐀-鿿]{2,3}"
)
_DIGITS = re.compile(r"(?<!\w)\+?\(?\d[\d\s().-]{4,}\d")
_YEARS = re.compile(r"(?:\D*(?:1[5-9]|20)\d\d\b)+\D*")
_LEAST = 7
"""Digits from which a number is no price or year but somebody's."""


def _numbers(text: str) -> list[PIIMatch]:
    found = [match for match in _DIGITS.finditer(text) if sum(map(str.isdigit, match.group())) >= _LEAST]
    return [
        PIIMatch(type="number", value=match.group(), start=match.start(), end=match.end())
        for match in found
        if not _YEARS.fullmatch(match.group())
    ]


_RULES = (
    *(RedactionRule(kind).resolve() for kind in ("email", "url", "ip", "mac_address", "credit_card")),
    RedactionRule("number", detector=_numbers).resolve(),
    RedactionRule("name", detector=_NAME).resolve(),
)


def masked(text: str, names: Sequence[str] = ()) -> str:
    """A text without e-mail and web addresses, long numbers, and the names that people give as theirs.

    What no pattern finds stays: an address in words, a name in passing.

    Args:
        text: What somebody typed.
        names: Further names to mask.
    """
    for rule in _RULES:
        text, _ = rule.apply(text)
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[REDACTED_NAME]", text, flags=re.IGNORECASE)
    return text


def masked_messages(messages: Sequence[AnyMessage], names: Sequence[str] = ()) -> list[AnyMessage]:
    """The messages of a conversation, masked wherever free text can stand."""
    found: list[AnyMessage] = []
    for message in messages:
        stamp = message.additional_kwargs.get(STAMP)
        kwargs = message.additional_kwargs | ({} if stamp is None else {STAMP: _masked_values(stamp, names)})
        update: dict[str, Any] = {"content": masked(message.text, names), "additional_kwargs": kwargs}
        if isinstance(message, AIMessage):
            update["tool_calls"] = [call | {"args": _masked_values(call["args"], names)} for call in message.tool_calls]
        found.append(message.model_copy(update=update))
    return found


def _masked_values(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, str):
        return masked(value, names)
    if isinstance(value, dict):
        return {key: _masked_values(of, names) for key, of in value.items()}
    return [_masked_values(of, names) for of in value] if isinstance(value, list) else value
