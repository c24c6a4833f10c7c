"""A GGUF's own chat template, rendered as its makers render it, and what it can and cannot show."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jinja2
import jinja2.meta

from chatrec.agent.llm._jinja import environment
from chatrec.errors import ModelError

Message = Mapping[str, Any]
"""A chat message as templates know it: role, content, and tool_calls or tool_call_id where it has them.

The content is a string, or a list of `Piece`s where control tokens are wanted in it.
"""

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_OPEN, _CLOSE = "\ue000", "\ue001"


@dataclass(frozen=True)
class Piece:
    """A stretch of a prompt.

    Attributes:
        text: The text.
        control: Whether texts of control tokens in it are control tokens (the template wrote it) or not (a person did).
    """

    text: str
    control: bool = True


class ChatTemplate:
    """Renders conversations.

    Args:
        source: The Jinja template of the GGUF; None for a model without one, which gets ChatML.
        bos: Text of the beginning-of-text token, "" if there is none.
        eos: Text of the end-of-text token.
        special: Texts that the tokenizer would take for control tokens.
    """

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "", special: Mapping[str, int]) -> None:
        self.source = source or _CHATML
        self.special = special
        self._fixed: dict[str, Any] = {"bos_token": bos, "eos_token": eos}
        texts = sorted(special, key=len, reverse=True)
        self._forbidden = re.compile("|".join(re.escape(text) for text in [*texts, _OPEN, _CLOSE]))
        made = environment()
        try:
            self._template = made.from_string(self.source)
            self._names = jinja2.meta.find_undeclared_variables(made.parse(self.source))
        except (jinja2.TemplateError, RecursionError) as error:
            raise ModelError(
                f"the chat template of this GGUF cannot be read: {error}", hint="use another conversion of the model"
            ) from error

    @property
    def takes_tools(self) -> bool:
        """Whether the template renders tools itself."""
        return bool({"tools", "functions"} & self._names)

    @cached_property
    def takes_system(self) -> bool:
        """Whether a system message at the beginning is shown there, and stays there."""
        return self._shows(("system", "user", "assistant", "user"))

    @cached_property
    def takes_late_system(self) -> bool:
        """Whether a system message in mid-conversation is shown where it stands."""
        return self._shows(("system", "user", "assistant", "system", "user"))

    @cached_property
    def takes_repeats(self) -> bool:
        """Whether two messages of the same role may follow each other."""
        return self._shows(("user", "user", "assistant", "assistant", "user"))

    def render(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] = (),
        *,
        reasoning: bool | None = None,
    ) -> list[Piece]:
        """The prompt for the assistant's next message.

        Args:
            messages: The conversation; made acceptable to the template where it is too strict (system messages moved
                into the person's, neighbours of one role merged).
            tools: Tools in OpenAI form, only for a template that `takes_tools`.
            reasoning: Whether the template is told to let the model think; None tells it nothing.

        Raises:
            ModelError: If the template refuses the conversation.
        """
        hidden: list[str] = []
        shown = [self._hide(message, hidden) for message in self._acceptable(messages)]
        told = [self._hidden(tool, hidden) for tool in tools]
        try:
            text = self._render(shown, told, reasoning)
        except (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise ModelError(
                f"the chat template refuses this conversation: {error}",
                hint="begin with a user message, alternate roles, answer every tool call",
            ) from error
        pieces: list[Piece] = []
        for index, part in enumerate(re.split(f"{_OPEN}(\\d+){_CLOSE}", text)):
            if part:
                pieces.append(Piece(part) if index % 2 == 0 else Piece(hidden[int(part)], control=False))
        return pieces

    def after_control(self, text: str) -> tuple[str, str]:
        """A text cut behind the last control token in it."""
        ends = [match.end() for match in self._forbidden.finditer(text)]
        return (text[: ends[-1]], text[ends[-1] :]) if ends else ("", text)

    def _render(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = (), reasoning: bool | None = None
    ) -> str:
        given: dict[str, Any] = {"tools": copy.deepcopy(list(tools)) or None, "documents": None}
        if "functions" in self._names:
            given |= {"functions": json.dumps(tools, ensure_ascii=False), "datetime": ""}
        if reasoning is not None:
            # Qwen, GLM and Gemma read the first name, DeepSeek and Granite the second.
            given |= {"enable_thinking": reasoning, "thinking": reasoning}
        given |= {"add_generation_prompt": True, **self._fixed}
        try:
            return self._template.render(messages=copy.deepcopy(list(messages)), **given)
        except (TypeError, jinja2.UndefinedError):
            if tools:
                raise
            # No tools are None to most templates, and not defined to some.
            del given["tools"]
            return self._template.render(messages=copy.deepcopy(list(messages)), **given)

    def _shows(self, roles: Sequence[str]) -> bool:
        marks = [f"mark-{place}-end" for place in range(len(roles))]
        try:
            text = self._render([{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)])
        except Exception:
            return False
        places = [text.find(mark) for mark in marks]
        return -1 not in places and places == sorted(places)

    def _acceptable(self, messages: Sequence[Message]) -> list[Message]:
        out: list[Message] = []
        for place, message in enumerate(messages):
            if message["role"] == "system" and not (self.takes_system if place == 0 else self.takes_late_system):
                message = {"role": "user", "content": message["content"]}  # noqa: PLW2901
            mergeable = (
                out and message["role"] == out[-1]["role"] and message["role"] in ("user", "assistant", "system")
            )
            calls = message.get("tool_calls") or (out and out[-1].get("tool_calls"))
            if mergeable and not self.takes_repeats and not calls:
                joined = "\n\n".join(part for part in (out[-1]["content"], message["content"]) if part)
                out[-1] = {**out[-1], "content": joined}
            else:
                out.append(message)
        return out

    def _hide(self, message: Message, hidden: list[str]) -> Message:
        content = message["content"]
        if isinstance(content, str):
            changed: Message = self._hidden(message, hidden)
            return changed
        texts = [piece.text if piece.control else self._hidden(piece.text, hidden) for piece in content]
        return {**self._hidden({**message, "content": ""}, hidden), "content": "".join(texts)}

    def _hidden(self, whole: Any, hidden: list[str]) -> Any:
        # A person, or the maker of a tool, who writes "<|im_end|>" must not end a message with it.
        def swap(match: re.Match[str]) -> str:
            hidden.append(match.group())
            return f"{_OPEN}{len(hidden) - 1}{_CLOSE}"

        def walk(value: Any) -> Any:
            if isinstance(value, str):
                return self._forbidden.sub(swap, value)
            if isinstance(value, Mapping):
                pairs: Message = value
                return {walk(key): walk(part) for key, part in pairs.items()}
            parts: list[Any] | None = value if isinstance(value, list) else None
            return value if parts is None else [walk(part) for part in parts]

        return walk(whole)
