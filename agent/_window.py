"""How much of a long conversation the model is told, so that no conversation grows too long for it.

What is known of the person travels in the newest state line, so that old turns can go, and each that stays makes every
token after it slower. They go many at a time: between two cuts the text that the model is told only grows, and nothing
of it is read twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

_ASCII_TOKENS = 0.3
_OTHER_TOKENS = 0.75
_MESSAGE_TOKENS = 8
_HISTORY_SHARE = 0.2
_MESSAGE_SHARE = 0.1


def window(messages: Sequence[AnyMessage], most_tokens: int) -> list[AnyMessage]:
    """Whole turns from the end of a conversation, each message of bounded length.

    Args:
        messages: The conversation as the model is told it.
        most_tokens: The model's context in tokens. Earlier turns take at most about a fifth of it; a message a tenth.

    Returns:
        The messages, from the person's message that the window begins with.
    """
    short = [_shortened(message, int(most_tokens * _MESSAGE_SHARE)) for message in messages]
    begins = [i for i, message in enumerate(short) if isinstance(message, HumanMessage)]
    if not begins:
        return short
    sizes = [sum(map(_tokens, short[a:b])) for a, b in zip(begins, [*begins[1:], len(short)], strict=True)]
    budget = most_tokens * _HISTORY_SHARE
    first, earlier = 0, 0.0
    for turn, size in enumerate(sizes):
        # Not of this turn's own size, which grows while it is answered: the cut stays where it is meanwhile.
        if earlier > budget:
            while first < turn and earlier > budget / 2:
                earlier -= sizes[first]
                first += 1
        earlier += size
    return short if first == 0 else short[begins[first] :]


def _tokens(message: AnyMessage) -> float:
    text = str(message.text)
    if isinstance(message, AIMessage):
        text += "".join(json.dumps(call["args"], ensure_ascii=False) + call["name"] for call in message.tool_calls)
    return _MESSAGE_TOKENS + _text_tokens(text)


def _text_tokens(text: str) -> float:
    plain = sum(map(str.isascii, text))
    return plain * _ASCII_TOKENS + (len(text.encode("utf-8", "replace")) - plain) * _OTHER_TOKENS


def _shortened(message: AnyMessage, most: int) -> AnyMessage:
    """A message whose middle is left out if it is too long: people begin and end with what they want."""
    text = message.text
    if len(text) * _ASCII_TOKENS <= most and _text_tokens(text) <= most:
        return message
    kept = int(len(text) * most / _text_tokens(text) / 2)
    return message.model_copy(update={"content": f"{text[:kept]} … {text[-kept:]}"})
