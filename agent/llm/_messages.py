"""LangChain's messages to what chat templates know, and the engine's events to LangChain's messages."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk

from chatrec.agent.llm._request import (
    CallDelta,
    CallStart,
    Chance,
    Chances,
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
)
from chatrec.agent.llm._templates import Message
from chatrec.errors import ModelError

_TEXT_FREE = {"tool_use", "tool_call", "tool_call_chunk", "function_call", "thinking", "reasoning", "invalid_tool_call"}


def to_template(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """Messages as chat templates want them: text content, never None, and arguments as objects.

    Raises:
        ModelError: If a message holds an image, a sound or a file, or is of an unknown kind.
    """
    return tuple(_one(message) for message in messages)


def _one(message: BaseMessage) -> Message:
    text = _text(message)
    if isinstance(message, SystemMessage):
        return {"role": "system", "content": text}
    if isinstance(message, HumanMessage):
        return {"role": "user", "content": text}
    if isinstance(message, AIMessage):
        calls = [
            {"type": "function", "id": call["id"], "function": {"name": call["name"], "arguments": call["args"]}}
            for call in message.tool_calls
        ]
        out: dict[str, Any] = {"role": "assistant", "content": text}
        if thoughts := _thoughts(message):
            # Templates know thoughts by one of these names, and leave them out of what lies behind.
            out |= {"reasoning_content": thoughts, "reasoning": thoughts}
        return out | ({"tool_calls": calls} if calls else {})
    if isinstance(message, ToolMessage):
        return {"role": "tool", "content": text, "tool_call_id": message.tool_call_id, "name": message.name or ""}
    if isinstance(message, FunctionMessage):
        return {"role": "tool", "content": text, "name": message.name}
    if isinstance(message, ChatMessage):
        return {"role": message.role, "content": text}
    raise ModelError(
        f"a {type(message).__name__} cannot be part of a prompt", hint="use system, human, ai and tool messages"
    )


def _thoughts(message: AIMessage) -> str:
    if isinstance(said := message.additional_kwargs.get("reasoning_content"), str):
        return said
    said = ""
    for block in message.content if isinstance(message.content, list) else ():
        if isinstance(block, dict) and (kind := block.get("type")) in ("reasoning", "thinking"):
            said += str(block.get(str(kind)) or "")
    return said


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    parts: list[str] = []
    for block in message.content:
        kind = "text" if isinstance(block, str) else block.get("type")
        if kind == "text":
            parts.append(block if isinstance(block, str) else str(block.get("text", "")))
        elif kind not in _TEXT_FREE:
            raise ModelError(
                f"a content block of type {kind!r} is not text", hint="this model reads text only: describe it in words"
            )
    return "".join(parts)


@dataclass
class _Call:
    name: str
    call_id: str
    arguments: str = ""


class MessageBuilder:
    """Turns the events of one answer into chunks, and into the whole message.

    Args:
        model_name: For the metadata.
    """

    def __init__(self, model_name: str) -> None:
        self._model_name = model_name
        self._text = ""
        self._thoughts = ""
        self._chances: list[dict[str, Any]] = []
        self._calls: list[_Call] = []

    def chunks(self, event: Event) -> Iterable[AIMessageChunk]:
        """The chunks of one event."""
        self._take(event)
        if isinstance(event, TextDelta):
            yield AIMessageChunk(content=event.text)
        elif isinstance(event, ReasoningDelta):
            yield AIMessageChunk(content="", additional_kwargs={"reasoning_content": event.text})
        elif isinstance(event, CallStart):
            call = self._calls[-1]
            first = tool_call_chunk(name=call.name, args="", id=call.call_id, index=len(self._calls) - 1)
            yield AIMessageChunk(content="", tool_call_chunks=[first])
        elif isinstance(event, CallDelta):
            yield self._more(event.text)
        elif isinstance(event, Chances):
            yield AIMessageChunk(content="", response_metadata={"logprobs": {"content": [_openai(event)]}})
        else:
            if self._calls and not event.whole:
                # LangChain would mend half a JSON text and run the call; a mismatched bracket keeps it invalid.
                yield self._more(_spoiler(self._calls[-1].arguments))
            yield AIMessageChunk(
                content="",
                usage_metadata=_usage(event),
                response_metadata=self._metadata(event),
                chunk_position="last",
            )

    def message(self, events: Iterable[Event]) -> AIMessage:
        """The whole answer."""
        last: Finished | None = None
        for event in events:
            self._take(event)
            last = event if isinstance(event, Finished) else last
        if last is None:
            raise ModelError("the model ended without an answer", hint="please report this")
        calls: list[ToolCall] = []
        broken: list[InvalidToolCall] = []
        for place, call in enumerate(self._calls):
            if (last.whole or place < len(self._calls) - 1) and _is_whole(call.arguments):
                given = json.loads(call.arguments)
                calls.append(ToolCall(name=call.name, args=given, id=call.call_id, type="tool_call"))
            else:
                why = "the call was cut off: raise max_tokens"
                broken.append(
                    InvalidToolCall(
                        name=call.name, args=call.arguments, id=call.call_id, error=why, type="invalid_tool_call"
                    )
                )
        metadata = self._metadata(last)
        if self._chances:
            metadata["logprobs"] = {"content": self._chances}
        return AIMessage(
            content=self._text,
            additional_kwargs={"reasoning_content": self._thoughts} if self._thoughts else {},
            tool_calls=calls,
            invalid_tool_calls=broken,
            usage_metadata=_usage(last),
            response_metadata=metadata,
        )

    def _take(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            self._text += event.text
        elif isinstance(event, ReasoningDelta):
            self._thoughts += event.text
        elif isinstance(event, CallStart):
            self._calls.append(_Call(event.name, event.call_id or f"call_{uuid.uuid4().hex[:16]}"))
        elif isinstance(event, CallDelta):
            self._calls[-1].arguments += event.text
        elif isinstance(event, Chances):
            self._chances.append(_openai(event))

    def _more(self, text: str) -> AIMessageChunk:
        index = len(self._calls) - 1
        chunk = tool_call_chunk(name=None, args=text, id=None, index=index)
        return AIMessageChunk(content="", tool_call_chunks=[chunk])

    def _metadata(self, event: Finished) -> dict[str, Any]:
        data: dict[str, Any] = {
            "model_name": self._model_name,
            "model_provider": "llama.cpp",
            "finish_reason": event.reason,
            "forced_tokens": event.forced_tokens,
        }
        if event.tool_probabilities is not None:
            data["tool_probabilities"] = dict(event.tool_probabilities)
        return data


def _openai(event: Chances) -> dict[str, Any]:
    def one(chance: Chance) -> dict[str, Any]:
        # JSON knows no infinity: a chance below the smallest number is told as a very small one.
        logprob = max(chance.logprob, -9999.0)
        return {"token": chance.data.decode("utf-8", "replace"), "bytes": list(chance.data), "logprob": logprob}

    return {**one(event.chosen), "top_logprobs": [one(chance) for chance in event.top]}


def _usage(event: Finished) -> UsageMetadata:
    usage = UsageMetadata(
        input_tokens=event.prompt_tokens,
        output_tokens=event.output_tokens,
        total_tokens=event.prompt_tokens + event.output_tokens,
        input_token_details=InputTokenDetails(cache_read=event.cached_tokens),
    )
    if event.reasoning_tokens:
        usage["output_token_details"] = OutputTokenDetails(reasoning=event.reasoning_tokens)
    return usage


def _is_whole(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except json.JSONDecodeError:
        return False


def _spoiler(text: str) -> str:
    stack: list[str] = []
    quoted = escaped = False
    for sign in text:
        if quoted:
            escaped, quoted = (sign == "\\" and not escaped), (escaped or sign != '"')
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            stack.append("}" if sign == "{" else "]")
        elif sign in "}]" and stack:
            stack.pop()
    wrong = "}" if stack and stack[-1] == "]" else "]"
    return ("\\" if escaped else "") + ('"' if quoted else "") + wrong
