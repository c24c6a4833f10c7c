"""A request's messages and tools as the tokens that the model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._formats import with_schema
from chatrec.agent.llm._memory import as_tokens, shared_prefix
from chatrec.agent.llm._read_format import choose_format
from chatrec.agent.llm._request import Request
from chatrec.agent.llm._templates import Message
from chatrec.agent.llm._thinking import Thinks, read_thinking


@dataclass(frozen=True)
class Prompt:
    """What the model reads before it answers.

    Attributes:
        tokens: The tokens.
        thinks: Whether the answer begins with thoughts.
    """

    tokens: list[int]
    thinks: Thinks


def prompt_of(engine: Engine, request: Request, messages: Sequence[Message] | None = None) -> Prompt:
    """A request's prompt, or that of other messages under the request's tools."""
    shown = list(request.messages if messages is None else messages)
    if request.mode != "call" and request.schema is not None:
        shown = with_schema(shown, request.schema, or_call=request.mode == "auto")
    prepared, tools = choose_format(engine.template).prepare(shown, request.tools)
    vocabulary = engine.vocabulary
    tokens: list[int] = []
    pieces = engine.template.render(prepared, tools, reasoning=request.reasoning)
    for piece in pieces:
        tokens += vocabulary.prompt(piece.text) if piece.control else vocabulary.tokenize(piece.text, special=False)
    if vocabulary.adds_bos and tokens[:1] != [vocabulary.bos]:
        tokens.insert(0, vocabulary.bos)
    thinking = read_thinking(engine.template)
    if thinking is None:
        return Prompt(tokens, "no")
    # A call, JSON or words of a given kind are wanted at once, unless thinking is asked for.
    at_once = request.mode in ("call", "json") or request.text_grammar is not None
    end = "".join(piece.text for piece in pieces[-3:])
    added, thinks = thinking.settle(end, request.reasoning, at_once=at_once)
    return Prompt(tokens + vocabulary.continued(added) if added else tokens, thinks)


def prompt_tokens(engine: Engine, request: Request, messages: Sequence[Message] | None = None) -> list[int]:
    """The tokens of `prompt_of`."""
    return prompt_of(engine, request, messages).tokens


def stable_tokens(engine: Engine, request: Request, prompt: Sequence[int]) -> int:
    """How many of the first tokens every conversation under this system text and these tools begins with."""
    if engine.places.shelf is None:
        return 0  # only who keeps such beginnings asks
    leading = [message for message in request.messages[:1] if message["role"] == "system"]
    neutral = prompt_tokens(engine, request, [*leading, {"role": "user", "content": ""}])
    return shared_prefix(as_tokens(neutral), as_tokens(prompt))
