"""How a model family writes tool calls, and how tools and their results are shown to it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatrec.agent.llm._schemas import Schema
from chatrec.agent.llm._tagged import Tagged
from chatrec.agent.llm._templates import Message, Piece
from chatrec.errors import ModelError

NAME, ID = "\ue010", "\ue011"
"""What stands for a call's name and its id in the texts of a format."""

_SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")


@dataclass(frozen=True)
class Tool:
    """A tool as the model is told of it.

    Attributes:
        name: Its name.
        description: What it does.
        parameters: JSON schema of its arguments, an object.
    """

    name: str
    description: str
    parameters: Schema

    def as_openai(self) -> dict[str, Any]:
        """The form that chat templates expect."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


@dataclass(frozen=True)
class ToolFormat:
    """One way to write a call: `lead`, `opening`, `before` name `middle`, the arguments, `tail`.

    Attributes:
        name: For error messages and `doctor`.
        opening: The tag before the first call, a single token where the vocabulary has it; "" if there is none.
        before: What stands between the tag and the name.
        middle: What stands between the name and the arguments; may hold the name and the id.
        tail: What completes a call's own text behind its arguments.
        native: Whether the chat template renders tools, calls and results itself.
        lead: Blank text that the template puts before the tag.
        separator: What stands between a call's tail and the next call's name; None if a message holds one call.
        closing: What the template writes behind the last call.
        compact: Whether the arguments' JSON has no spaces between its parts.
        aliases: Other tags that open a call in this family.
        short_ids: Whether ids of calls must be nine letters or digits.
        text_arguments: Whether the template wants the arguments as JSON text.
        tagged: How arguments are written between tags; None for JSON.
        in_content: Whether calls are part of the message's text, and tools a part of the system message (Phi).
    """

    name: str
    opening: str
    before: str
    native: bool
    middle: str = '", "arguments": '
    tail: str = "}"
    lead: str = ""
    separator: str | None = None
    closing: str = ""
    compact: bool = False
    aliases: tuple[str, ...] = ()
    short_ids: bool = False
    text_arguments: bool = False
    in_content: bool = False
    tagged: Tagged | None = None

    def head(self, name: str, call_id: str = "") -> str:
        """The text of the first call after `opening` and before its arguments."""
        return self.before + self.after_name(name, call_id)

    def after_name(self, name: str, call_id: str = "") -> str:
        """The name and what follows it up to the arguments."""
        quoted = json.dumps(name, ensure_ascii=False)[1:-1]
        return f"{quoted}{self.middle}".replace(NAME, quoted).replace(ID, call_id)

    def end(self, call_id: str = "") -> str:
        """The tail of the call with this id."""
        return self.tail.replace(ID, call_id)

    @property
    def has_ids(self) -> bool:
        """Whether a call's id is part of its text."""
        return ID in f"{self.before}{self.middle}{self.tail}{self.separator}"

    def written(self, arguments: Mapping[str, Any]) -> str:
        """Arguments as this format writes them.

        Raises:
            ModelError: If they have no JSON form.
        """
        if self.tagged is not None:
            return self.tagged.written(arguments)
        try:
            return json.dumps(arguments, ensure_ascii=False, separators=(",", ":") if self.compact else (", ", ": "))
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"a tool call in this conversation has arguments {arguments!r}: {error}",
                hint="give texts, numbers, lists and objects; write dates and the like as texts",
            ) from error

    def prepare(self, messages: Sequence[Message], tools: Sequence[Tool]) -> tuple[list[Message], list[dict[str, Any]]]:
        """What the chat template is given.

        Returns:
            The messages, and the tools in OpenAI form where the template renders them (else they are in the messages).
        """
        if self.in_content:
            return self._in_content(messages, tools), []
        if self.native:
            shown = messages if self.separator is not None else _one_by_one(messages)
            return [self._native(message) for message in shown], [tool.as_openai() for tool in tools]
        shown = [self._plain(message) for message in messages]
        return (_with_system(shown, tools_text(tools)) if tools else shown), []

    def _native(self, message: Message) -> Message:
        out = dict(message)
        if calls := message.get("tool_calls"):
            out["tool_calls"] = [self._call(call) for call in calls]
        if self.short_ids and "tool_call_id" in message:
            out["tool_call_id"] = short_id(message["tool_call_id"])
        return out

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        function = dict(call["function"])
        if self.text_arguments:
            function["arguments"] = self.written(function["arguments"])
        return {**call, "function": function, "id": short_id(call["id"]) if self.short_ids else call["id"]}

    def _plain(self, message: Message) -> Message:
        if message["role"] == "tool":
            return {"role": "user", "content": f"Result: {message['content']}"}
        calls = [self._call_text(call["function"]) for call in message.get("tool_calls", ())]
        if not calls:
            return message
        return {"role": message["role"], "content": "\n".join([*filter(None, [message["content"]]), *calls])}

    def _call_text(self, function: Mapping[str, Any]) -> str:
        return self.head(function["name"]) + self.written(function["arguments"]) + self.tail

    def _in_content(self, messages: Sequence[Message], tools: Sequence[Tool]) -> list[Message]:
        out = [self._with_calls(message) for message in messages]
        if tools:
            listed = json.dumps([tool.as_openai()["function"] for tool in tools], ensure_ascii=False)
            first = out.pop(0) if out and out[0]["role"] == "system" else {"role": "system", "content": ""}
            out.insert(0, {**first, "tools": listed})
        return out

    def _with_calls(self, message: Message) -> Message:
        calls = message.get("tool_calls")
        if not calls:
            return message
        pieces = [Piece(message["content"], control=False), Piece(self.opening)]
        for place, call in enumerate(calls):
            function = call["function"]
            head = (self.separator or "" if place else self.before) + self.after_name(function["name"], call["id"])
            arguments = Piece(self.written(function["arguments"]), control=False)
            pieces += [Piece(head), arguments, Piece(self.end(call["id"]))]
        rest = {name: value for name, value in message.items() if name != "tool_calls"}
        return {**rest, "content": [*pieces, Piece(self.closing)]}


PLAIN = ToolFormat("plain", opening="", before='{"name": "', native=False, separator='\n{"name": "')


def short_id(call_id: str | None) -> str:
    """An id of nine letters or digits: the given one if it is such, else one made from it."""
    text = str(call_id or "")
    return text if _SHORT_ID.fullmatch(text) else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:9]


def _one_by_one(messages: Sequence[Message]) -> list[Message]:
    # A template that takes one call a message is shown call, result, call, result.
    out: list[Message] = []
    waiting = list(messages)
    while waiting:
        message = waiting.pop(0)
        calls = message.get("tool_calls") or []
        if len(calls) < 2:
            out.append(message)
            continue
        results: list[Message] = []
        while waiting and waiting[0]["role"] == "tool":
            results.append(waiting.pop(0))
        for place, call in enumerate(calls):
            out.append({**message, "content": "" if place else message["content"], "tool_calls": [call]})
            own = [result for result in results if result.get("tool_call_id") == call["id"]]
            out += own
            results = [result for result in results if result not in own]
        out += results
    return out


def tools_text(tools: Sequence[Tool]) -> str:
    """The tools, one line each; every token of it is read once per conversation, so it is short."""
    lines = [f"{tool.name}({_signature(tool.parameters)}): {_summary(tool.description)}" for tool in tools]
    return "\n".join(["Tools:", *lines, 'To use one, answer only {"name": tool, "arguments": {...}}'])


def with_schema(messages: Sequence[Message], schema: Schema, *, or_call: bool = False) -> list[Message]:
    """The messages, with the wanted JSON described at the end of the system message.

    Args:
        messages: The conversation.
        schema: Of the answer.
        or_call: Whether a tool may be called instead.
    """
    opening = "Unless you use a tool, answer only" if or_call else "Answer only"
    return _with_system(messages, f"{opening} with JSON of this schema: {json.dumps(schema, ensure_ascii=False)}")


def _with_system(messages: Sequence[Message], text: str) -> list[Message]:
    if messages and messages[0]["role"] == "system":
        first = messages[0]
        return [{**first, "content": f"{first['content']}\n\n{text}".strip()}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _summary(description: str) -> str:
    return " ".join(description.strip().split("\n\n")[0].split())


def _signature(parameters: Schema) -> str:
    needed = parameters.get("required", ())
    pairs = parameters.get("properties", {}).items()
    return ", ".join(f"{name}{'' if name in needed else '?'}: {_kind(part)}" for name, part in pairs)


def _kind(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "any"
    values = schema.get("enum")
    if values and len(values) <= 8:
        return "|".join(str(value) for value in values)
    if schema.get("anyOf"):
        kinds = [_kind(part) for part in schema["anyOf"] if part.get("type") != "null"]
        return "|".join(dict.fromkeys(kinds))
    kind = schema.get("type", "object")
    if kind == "array":
        return f"[{_kind(schema.get('items') or {'type': 'any'})}]"
    return "|".join(kind) if isinstance(kind, list) else str(kind)
