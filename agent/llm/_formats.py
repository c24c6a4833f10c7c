"""How a model family writes tool calls, and how tools and their results are shown to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatrec.agent.llm._schemas import Schema
from chatrec.agent.llm._templates import ChatTemplate, Message


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
    """One way to write a call: `opening`, `head(name)`, the arguments as JSON, `tail`.

    Attributes:
        name: For error messages and `doctor`.
        opening: The tag before a call, a single token where the vocabulary has it; "" if calls are bare JSON.
        before: What stands between the tag and the JSON.
        native: Whether the chat template renders tools, calls and results itself.
    """

    name: str
    opening: str
    before: str
    native: bool
    tail: str = "}"

    def head(self, name: str) -> str:
        """The text of a call after `opening` and before its arguments."""
        return f'{self.before}{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": '

    def prepare(self, messages: Sequence[Message], tools: Sequence[Tool]) -> tuple[list[Message], list[dict[str, Any]]]:
        """What the chat template is given.

        Returns:
            The messages, and the tools in OpenAI form where the template renders them (else they are in the messages).
        """
        if self.native:
            return list(messages), [tool.as_openai() for tool in tools]
        shown = [self._shown(message) for message in messages]
        return (_with_system(shown, tools_text(tools)) if tools else shown), []

    def _shown(self, message: Message) -> Message:
        if message["role"] == "tool":
            return {"role": "user", "content": f"Result: {message['content']}"}
        calls = [self._call_text(call["function"]) for call in message.get("tool_calls", ())]
        if not calls:
            return message
        return {"role": message["role"], "content": "\n".join([*filter(None, [message["content"]]), *calls])}

    def _call_text(self, function: Mapping[str, Any]) -> str:
        return self.head(function["name"]) + json.dumps(function["arguments"], ensure_ascii=False) + self.tail


HERMES = ToolFormat("hermes", opening="<tool_call>", before="\n", native=True)
PLAIN = ToolFormat("plain", opening="", before="", native=False)


def choose_format(template: ChatTemplate) -> ToolFormat:
    """Hermes where the template renders tools that way (Qwen and its kin), else bare JSON described in few words."""
    hermes = template.takes_tools and "<tool_call>" in template.source and "</tool_call>" in template.source
    return HERMES if hermes else PLAIN


def tools_text(tools: Sequence[Tool]) -> str:
    """The tools, one line each; every token of it is read once per conversation, so it is short."""
    lines = [f"{tool.name}({_signature(tool.parameters)}): {_summary(tool.description)}" for tool in tools]
    return "\n".join(["Tools:", *lines, 'To use one, answer only {"name": tool, "arguments": {...}}'])


def with_schema(messages: Sequence[Message], schema: Schema) -> list[Message]:
    """The messages, with the wanted JSON described at the end of the system message."""
    text = "Answer only with JSON of this schema: " + json.dumps(schema, ensure_ascii=False)
    return _with_system(messages, text)


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


def _kind(schema: Schema) -> str:
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
