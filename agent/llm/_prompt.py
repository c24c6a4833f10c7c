"""A request's messages and tools as the tokens that the model reads."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._formats import with_schema
from chatrec.agent.llm._read_format import choose_format
from chatrec.agent.llm._request import Request
from chatrec.agent.llm._templates import Message


def prompt_tokens(engine: Engine, request: Request, messages: Sequence[Message] | None = None) -> list[int]:
    """The tokens of a request's prompt, or of other messages under the request's tools."""
    shown = list(request.messages if messages is None else messages)
    if request.mode == "json" and request.schema is not None:
        shown = with_schema(shown, request.schema)
    prepared, tools = choose_format(engine.template).prepare(shown, request.tools)
    vocabulary = engine.vocabulary
    tokens: list[int] = []
    for piece in engine.template.render(prepared, tools):
        tokens += vocabulary.tokenize(piece.text, special=piece.control)
    if vocabulary.adds_bos and tokens[:1] != [vocabulary.bos]:
        tokens.insert(0, vocabulary.bos)
    return tokens
